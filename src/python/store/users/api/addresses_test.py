"""The address book."""

from typing import Any

import pytest

from store.server.ids import new_id
from store.users.testing.api import ADDRESS, LoggedInUser, UsersApi, body_of, code_of
from store.users.use_cases.addresses import MAX_ADDRESSES

BOOK = "/v1/users/me/addresses"


def add(person: LoggedInUser, **fields: Any) -> str:
    """Write down an address; its path."""
    answer = person.ask("POST", BOOK, json={**ADDRESS, **fields})
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


def test_an_address_is_written_down_corrected_and_struck_out(users: UsersApi) -> None:
    ann = users.account()
    path = add(ann)
    seen = ann.ask("GET", path)
    assert {name: body_of(seen)[name] for name in ADDRESS} == ADDRESS
    changed = ann.change("PATCH", path, json={"line2": None, "city": "Bath"})
    assert (body_of(changed)["line2"], body_of(changed)["city"]) == (None, "Bath")
    assert body_of(changed)["line1"] == ADDRESS["line1"]
    stale = {"If-Match": seen.headers["ETag"]}
    assert code_of(ann.ask("DELETE", path, headers=stale)) == (412, "stale_version")
    assert ann.change("DELETE", path).status_code == 204
    assert code_of(ann.ask("GET", path)) == (404, "unknown_address")


def test_nobody_sees_or_changes_the_addresses_of_others(users: UsersApi) -> None:
    path = add(users.account())
    bob = users.account("bob@example.com")
    matching = {"If-Match": '"v1"'}
    assert body_of(bob.ask("GET", BOOK))["items"] == []
    for answer in (
        bob.ask("GET", path),
        bob.ask("PATCH", path, json={"city": "Bath"}, headers=matching),
        bob.ask("DELETE", path, headers=matching),
        bob.ask("GET", f"{BOOK}/{new_id()}"),
    ):
        assert code_of(answer) == (404, "unknown_address")


def test_the_book_is_read_page_by_page(users: UsersApi) -> None:
    ann = users.account()
    for number in range(5):
        add(ann, line1=f"{number} High Street")
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = body_of(ann.ask("GET", BOOK, query_string=query))
        seen.extend(address["line1"] for address in page["items"])
        cursor = page["next_cursor"]
    assert seen == [f"{number} High Street" for number in range(5)]


def test_a_book_is_full_at_some_point(users: UsersApi) -> None:
    ann = users.account()
    for _ in range(MAX_ADDRESSES):
        add(ann)
    assert code_of(ann.ask("POST", BOOK, json=ADDRESS)) == (409, "too_many_addresses")


@pytest.mark.parametrize("change", [{}, {"country": "XX"}, {"country": "gb"}, {"city": ""}])
def test_a_wrong_correction_is_refused(users: UsersApi, change: dict[str, Any]) -> None:
    ann = users.account()
    assert code_of(ann.change("PATCH", add(ann), json=change)) == (422, "invalid")
