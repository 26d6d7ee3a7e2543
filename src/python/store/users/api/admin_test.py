"""Admins and the accounts of others."""

import threading
from typing import Any

import pytest

from store.auth.callers import Role
from store.users.models.tables import database
from store.users.testing.api import ANN, LoggedInUser, UsersApi, body_of, code_of

ROOT = "root@example.com"


def admin(users: UsersApi) -> LoggedInUser:
    return users.account(ROOT, Role.ADMIN)


def listed(person: LoggedInUser, **query: Any) -> list[str]:
    """E-mails of a list, all pages of it."""
    emails: list[str] = []
    page: dict[str, Any] = {"next_cursor": ""}
    while page["next_cursor"] is not None:
        cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else {}
        answer = person.ask("GET", "/v1/users", query_string={**query, **cursor})
        assert answer.status_code == 200, answer.text
        page = body_of(answer)
        emails.extend(user["email"] for user in page["items"])
    return emails


def test_an_admin_finds_people(users: UsersApi) -> None:
    root = admin(users)
    people = [users.account(f"{name}@example.com") for name in ("ann", "anna", "bob")]
    root.change("PATCH", f"/v1/users/{people[2].id}", json={"disabled": True})
    assert listed(root, limit=2) == ["bob@example.com", "anna@example.com", ANN, ROOT]
    assert listed(root, email="ANN") == ["anna@example.com", ANN]
    assert listed(root, email="%") == []
    assert listed(root, role="admin") == [ROOT]
    assert listed(root, state="disabled") == ["bob@example.com"]
    assert listed(root, state="active", role="customer", limit=1) == ["anna@example.com", ANN]


def test_a_deleted_person_is_listed_without_a_name(users: UsersApi) -> None:
    root, ann = admin(users), users.account()
    path = f"/v1/users/{ann.id}"
    ann.change("DELETE", "/v1/users/me")
    assert listed(root, state="deleted") == [None]
    assert body_of(root.ask("GET", path))["state"] == "deleted"
    assert code_of(root.change("PATCH", path, json={"disabled": True})) == (409, "deleted_user")


def test_a_new_role_counts_from_the_next_refresh(users: UsersApi) -> None:
    root, ann = admin(users), users.account()
    changed = root.change("PATCH", f"/v1/users/{ann.id}", json={"role": "admin"})
    assert body_of(changed)["role"] == "admin"
    assert ann.ask("GET", "/v1/users").status_code == 403
    ann.access_token = body_of(users.refresh(ann.refresh_token))["access_token"]
    assert ann.ask("GET", "/v1/users").status_code == 200


def test_a_disabled_person_is_out_until_enabled(users: UsersApi) -> None:
    root, ann = admin(users), users.account()
    path = f"/v1/users/{ann.id}"
    assert root.change("PATCH", path, json={"disabled": True}).status_code == 200
    assert users.refresh(ann.refresh_token).status_code == 401
    assert code_of(ann.ask("GET", "/v1/users/me")) == (401, "account_gone")
    assert code_of(users.log_in()) == (403, "account_disabled")
    assert code_of(users.log_in(password="not the password")) == (401, "wrong_credentials")
    assert root.change("PATCH", path, json={"disabled": False}).status_code == 200
    assert users.refresh(ann.refresh_token).status_code == 401
    assert users.log_in().status_code == 201


@pytest.mark.parametrize("change", [{"role": "customer"}, {"disabled": True}])
def test_admins_cannot_demote_or_disable_themselves(
    users: UsersApi, change: dict[str, Any]
) -> None:
    root = admin(users)
    users.account("second@example.com", Role.ADMIN)
    answer = root.change("PATCH", f"/v1/users/{root.id}", json=change)
    assert code_of(answer) == (409, "own_account")


def test_a_demoted_admin_can_do_nothing_with_an_old_token(users: UsersApi) -> None:
    root, second = admin(users), users.account("second@example.com", Role.ADMIN)
    ann = users.account()
    root.change("PATCH", f"/v1/users/{second.id}", json={"role": "staff"})
    matching = {"If-Match": '"v1"'}
    for answer in (
        second.ask("GET", "/v1/users"),
        second.ask("GET", f"/v1/users/{ann.id}"),
        second.ask("PATCH", f"/v1/users/{ann.id}", json={"role": "admin"}, headers=matching),
        second.ask("POST", "/v1/signing-keys"),
    ):
        assert code_of(answer) == (403, "not_an_admin")


def test_two_admins_cannot_demote_each_other(users: UsersApi) -> None:
    pair = [admin(users), users.account("second@example.com", Role.ADMIN)]
    paths = [f"/v1/users/{person.id}" for person in pair]
    statuses: list[int] = []

    def demote(actor: LoggedInUser, path: str) -> None:
        answer = actor.ask("PATCH", path, json={"role": "staff"}, headers={"If-Match": '"v1"'})
        statuses.append(answer.status_code)

    attacks = zip(pair, reversed(paths), strict=True)
    threads = [threading.Thread(target=demote, args=attack) for attack in attacks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(statuses) == [200, 403]
    assert len(database.rows("SELECT id FROM users WHERE role = 'admin'")) == 1


def test_a_change_must_be_meant_for_what_is_there(users: UsersApi) -> None:
    root, ann = admin(users), users.account()
    path = f"/v1/users/{ann.id}"
    assert code_of(root.ask("PATCH", path, json={"role": "staff"})) == (428, "if_match_required")
    stale = root.ask("PATCH", path, json={"role": "staff"}, headers={"If-Match": '"v9"'})
    assert code_of(stale) == (412, "stale_version")


def test_the_audit_knows_who_did_what_and_no_secret(users: UsersApi) -> None:
    root, ann = admin(users), users.account()
    ann_id = ann.id
    root.change("PATCH", f"/v1/users/{ann_id}", json={"role": "staff", "disabled": True})
    root.ask("POST", "/v1/signing-keys")
    found = database.rows("SELECT actor_id, action, subject_id, facts, request_id FROM audit")
    deeds = [(row["action"], row["actor_id"], row["subject_id"]) for row in found]
    assert ("registered", ann_id, ann_id) in deeds
    assert ("role_changed", root.id, ann_id) in deeds
    assert ("disabled", root.id, ann_id) in deeds
    assert ("signing_key_rotated", root.id, None) in deeds
    assert all(row["request_id"] for row in found)
    assert "@" not in str(found)


@pytest.mark.usefixtures("users")
@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET action = 'x'", "DELETE FROM audit", "TRUNCATE audit"]
)
def test_history_cannot_be_rewritten(statement: str) -> None:
    with pytest.raises(Exception, match="append-only"):
        database.run(statement)
