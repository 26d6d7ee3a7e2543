"""One's own account, and what is left of it."""

from store.auth.callers import Role
from store.users.testing.api import ADDRESS, ANN, UsersApi, body_of, code_of, whole_database


def test_a_name_is_changed_by_whoever_has_seen_it(users: UsersApi) -> None:
    ann = users.account()
    answer = ann.change("PATCH", "/v1/users/me", json={"name": "Anne"})
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"v2"')
    assert body_of(answer)["name"] == "Anne"
    stale = ann.ask("PATCH", "/v1/users/me", json={"name": "A"}, headers={"If-Match": '"v1"'})
    assert code_of(stale) == (412, "stale_version")
    blind = ann.ask("PATCH", "/v1/users/me", json={"name": "A"})
    assert code_of(blind) == (428, "if_match_required")


def test_a_deleted_person_leaves_nothing_but_an_id(users: UsersApi) -> None:
    ann = users.account()
    ann.ask("POST", "/v1/users/me/addresses", json=ADDRESS)
    ann.change("PATCH", "/v1/users/me", json={"name": "Ann-Sophie"})
    user_id = ann.id
    assert ann.change("DELETE", "/v1/users/me").status_code == 204
    kept = whole_database()
    for text in (ANN, "ann@", "Ann", "High Street", "argon2id"):
        assert [name for name, rows in kept.items() if text in rows] == []
    assert str(user_id) in kept["users"]
    assert "'deleted'" in kept["audit"]


def test_a_deleted_person_is_out_at_once(users: UsersApi) -> None:
    ann = users.account()
    ann.change("DELETE", "/v1/users/me")
    assert code_of(ann.ask("GET", "/v1/users/me")) == (401, "account_gone")
    assert users.refresh(ann.refresh_token).status_code == 401
    assert code_of(users.log_in()) == (401, "wrong_credentials")
    assert users.letters() == []


def test_the_e_mail_of_a_deleted_person_is_free_again(users: UsersApi) -> None:
    first = users.account()
    first_id = first.id
    first.change("DELETE", "/v1/users/me")
    assert users.account().id != first_id


def test_the_last_admin_cannot_leave(users: UsersApi) -> None:
    root = users.account("root@example.com", Role.ADMIN)
    assert code_of(root.change("DELETE", "/v1/users/me")) == (409, "last_admin")
    users.account("second@example.com", Role.ADMIN)
    assert root.change("DELETE", "/v1/users/me").status_code == 204
