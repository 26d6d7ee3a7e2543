"""One's own account, and what is left of it."""

from store.auth.callers import Role
from store.users.models.tables import database
from store.users.testing import ANN, Shop, body_of, code_of

ADDRESS = {
    "name": "Ann Example",
    "line1": "12 High Street",
    "city": "Oxford",
    "postal_code": "OX1 4AA",
    "country": "GB",
}


def test_a_name_is_changed_by_whoever_has_seen_it(shop: Shop) -> None:
    ann = shop.person()
    answer = ann.change("PATCH", "/v1/users/me", json={"name": "Anne"})
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"v2"')
    assert body_of(answer)["name"] == "Anne"
    stale = ann.ask("PATCH", "/v1/users/me", json={"name": "A"}, headers={"If-Match": '"v1"'})
    assert code_of(stale) == (412, "stale_version")
    blind = ann.ask("PATCH", "/v1/users/me", json={"name": "A"})
    assert code_of(blind) == (428, "if_match_required")


def test_a_deleted_person_leaves_nothing_but_an_id(shop: Shop) -> None:
    ann = shop.person()
    ann.ask("POST", "/v1/users/me/addresses", json=ADDRESS)
    ann.change("PATCH", "/v1/users/me", json={"name": "Ann-Sophie"})
    user_id = ann.id
    assert ann.change("DELETE", "/v1/users/me").status_code == 204
    kept = {name: str(database.rows(f"SELECT * FROM {name}")) for name in tables()}
    for text in (ANN, "ann@", "Ann", "High Street", "argon2id"):
        assert [name for name, rows in kept.items() if text in rows] == []
    assert str(user_id) in kept["users"]
    assert "'deleted'" in kept["audit"]


def tables() -> list[str]:
    found = database.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return [row["tablename"] for row in found]


def test_a_deleted_person_is_out_at_once(shop: Shop) -> None:
    ann = shop.person()
    ann.change("DELETE", "/v1/users/me")
    assert code_of(ann.ask("GET", "/v1/users/me")) == (401, "account_gone")
    assert shop.refresh(ann.refresh_token).status_code == 401
    assert code_of(shop.log_in()) == (401, "wrong_credentials")
    assert shop.letters() == []


def test_the_e_mail_of_a_deleted_person_is_free_again(shop: Shop) -> None:
    first = shop.person()
    first_id = first.id
    first.change("DELETE", "/v1/users/me")
    assert shop.person().id != first_id


def test_the_last_admin_cannot_leave(shop: Shop) -> None:
    root = shop.person("root@example.com", Role.ADMIN)
    assert code_of(root.change("DELETE", "/v1/users/me")) == (409, "last_admin")
    shop.person("second@example.com", Role.ADMIN)
    assert root.change("DELETE", "/v1/users/me").status_code == 204
