"""Prices over HTTP: past, present and to come."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from store.inventory.models.tables import database
from store.inventory.testing.stock import add_variant

Headers = dict[str, str]
TOMORROW = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
NEXT_WEEK = TOMORROW + timedelta(days=6)


class Tag:
    """The price tag of one SKU that costs 12.90 EUR."""

    def __init__(self, client: FlaskClient, staff: Headers) -> None:
        self.client = client
        self.staff = staff

    def set(self, amount: int = 990, **wanted: Any) -> Any:
        """Set a price."""
        times = {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in wanted.items()
        }
        body = {"amount": amount, "currency": "EUR", **times}
        return self.client.post("/v1/variants/MUG/prices", json=body, headers=self.staff)

    def all(self) -> list[tuple[int, str, str | None]]:
        """All prices, the last to begin first, as (amount, from, until)."""
        found = self.client.get("/v1/variants/MUG/prices", headers=self.staff).get_json()
        names = ("amount", "valid_from", "valid_until")
        return [tuple(item[name] for name in names) for item in found["items"]]

    def now(self) -> list[int]:
        """What the shop shows."""
        variant = self.client.get("/v1/variants/MUG").get_json()
        return [price["amount"] for price in variant["prices"]]


@pytest.fixture
def tag(client: FlaskClient, staff: Headers) -> Tag:
    """The price tag of a mug."""
    add_variant("MUG", 1290)
    return Tag(client, staff)


def test_a_new_price_takes_over_and_the_old_one_becomes_history(tag: Tag) -> None:
    assert tag.set(990).get_json()["code"] == "prices_overlap"
    created = tag.set(990, replace=True)
    assert created.status_code == 201
    assert tag.now() == [990]
    (new, begins, ends), (old, _, ended) = tag.all()
    assert (new, old, ends) == (990, 1290, None)
    assert begins == ended == created.get_json()["valid_from"]


def test_a_price_is_scheduled_and_the_old_one_goes_on_afterwards(tag: Tag) -> None:
    assert tag.set(990, valid_from=TOMORROW, valid_until=NEXT_WEEK, replace=True).status_code == 201
    assert tag.now() == [1290]
    week, day = NEXT_WEEK.isoformat(), TOMORROW.isoformat()
    after, sale, before = tag.all()
    assert (after, sale) == ((1290, week, None), (990, day, week))
    assert (before[0], before[2]) == (1290, day)


def test_a_price_without_an_end_leaves_the_scheduled_ones_alone(tag: Tag) -> None:
    tag.set(990, valid_from=TOMORROW, replace=True)
    assert tag.set(1190, replace=True).get_json()["valid_until"] == TOMORROW.isoformat()
    assert tag.now() == [1190]


def test_a_price_never_runs_over_a_scheduled_one(tag: Tag) -> None:
    tag.set(990, valid_from=TOMORROW, replace=True)
    refused = tag.set(1190, valid_until=NEXT_WEEK, replace=True)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "prices_overlap")
    assert [amount for amount, _, _ in tag.all()] == [990, 1290]


def test_a_scheduled_price_begins_by_itself(tag: Tag) -> None:
    tag.set(990, valid_from=TOMORROW, replace=True)
    shift = "UPDATE prices SET valid_from = valid_from - interval '2 days', valid_until = "
    # One statement, both rows: the periods may not overlap at any time.
    database.run(f"{shift} valid_until - interval '2 days'")
    assert tag.now() == [990]


def test_each_currency_has_prices_of_its_own(tag: Tag, client: FlaskClient) -> None:
    assert tag.set(1090, currency="GBP").status_code == 201
    shown = client.get("/v1/variants/MUG?currency=GBP").get_json()["prices"]
    assert shown == [{"amount": 1090, "currency": "GBP"}]


def test_a_price_is_ended_and_prolonged(client: FlaskClient, tag: Tag) -> None:
    created = tag.set(990, replace=True)
    address, staff = created.headers["Location"], tag.staff
    end = {"valid_until": TOMORROW.isoformat()}
    assert client.patch(address, json=end, headers=staff).status_code == 428
    ended = client.patch(address, json=end, headers={**staff, "If-Match": '"v1"'})
    assert ended.get_json()["valid_until"] == TOMORROW.isoformat()
    tag.set(790, valid_from=TOMORROW)
    guard = {**staff, "If-Match": ended.headers["ETag"]}
    refused = client.patch(address, json={"valid_until": None}, headers=guard)
    assert refused.get_json()["code"] == "prices_overlap"
    assert client.get(address, headers=staff).headers["ETag"] == ended.headers["ETag"]


def test_only_what_has_not_begun_can_be_dropped(client: FlaskClient, tag: Tag) -> None:
    scheduled = tag.set(990, valid_from=TOMORROW, replace=True)
    guard = {**tag.staff, "If-Match": '"v1"'}
    assert client.delete(scheduled.headers["Location"], headers=guard).status_code == 204
    (item,) = client.get("/v1/variants/MUG/prices", headers=tag.staff).get_json()["items"]
    guard["If-Match"] = client.get(f"/v1/prices/{item['id']}", headers=tag.staff).headers["ETag"]
    refused = client.delete(f"/v1/prices/{item['id']}", headers=guard)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "price_is_history")


def test_history_cannot_be_rewritten(client: FlaskClient, tag: Tag) -> None:
    tag.set(990, replace=True)
    past = client.get("/v1/variants/MUG/prices", headers=tag.staff).get_json()["items"][1]
    guard = {**tag.staff, "If-Match": '"v2"'}
    refused = client.patch(f"/v1/prices/{past['id']}", json={"valid_until": None}, headers=guard)
    assert refused.get_json()["code"] == "price_is_history"


def test_the_history_comes_in_pages(client: FlaskClient, tag: Tag) -> None:
    for amount in (1, 2, 3):
        tag.set(amount, replace=True)
    address = "/v1/variants/MUG/prices?limit=3"
    first = client.get(address, headers=tag.staff).get_json()
    rest = client.get(f"{address}&cursor={first['next_cursor']}", headers=tag.staff).get_json()
    amounts = [item["amount"] for item in first["items"] + rest["items"]]
    assert amounts == [3, 2, 1, 1290]


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"amount": -1}, "amount"),
        ({"amount": "9.90"}, "amount"),
        ({"amount": True}, "amount"),
        ({"currency": "eur"}, "currency"),
        ({"valid_from": "tomorrow"}, "valid_from"),
        ({"valid_from": "2030-01-01T00:00:00"}, "valid_from"),
        ({"valid_from": datetime(2020, 1, 1, tzinfo=UTC)}, "valid_from"),
        ({"valid_until": datetime(2020, 1, 1, tzinfo=UTC)}, "valid_until"),
        ({"valid_from": NEXT_WEEK, "valid_until": TOMORROW}, "valid_until"),
        ({"valid_until": "9999-12-31T23:59:59-23:59"}, "valid_until"),
        ({"price": 1}, "price"),
    ],
)
def test_nonsense_is_refused_by_field(tag: Tag, wanted: dict[str, Any], field: str) -> None:
    refused = tag.set(**{"replace": True, **wanted})
    assert refused.status_code == 422, refused.json
    assert [error["field"] for error in refused.get_json()["errors"]] == [field]
    assert tag.now() == [1290]
