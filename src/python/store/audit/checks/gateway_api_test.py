import weakref
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from store.audit.books.gateway import Gateway
from store.audit.checks.findings import MAX_FINDINGS
from store.audit.checks.gateway_api import Payment, compare, listed
from store.cli.errors import CannotProve
from store.testing.fake_store import FakeStore, serving

PAID = Payment("pi_2", 1_000, 500, "EUR", "succeeded", 500)
OPEN = Payment("pi_1", 999, 700, "EUR", "requires_capture", 0)


def found(stored: list[Payment], shown: list[Payment]) -> list[str]:
    return [finding.subject for finding in compare(iter(stored), iter(shown)).findings]


def test_the_same_list_twice_is_fine() -> None:
    assert found([PAID, OPEN], [PAID, OPEN]) == []


def test_a_payment_that_was_open_may_have_been_captured_since() -> None:
    assert found([OPEN], [OPEN._replace(status="succeeded", received=700)]) == []


def test_a_settled_payment_that_reads_otherwise_is_found() -> None:
    assert found([PAID, OPEN], [PAID._replace(received=499), OPEN]) == ["pi_2"]


def test_an_amount_that_reads_otherwise_is_found() -> None:
    assert found([OPEN], [OPEN._replace(amount=1)]) == ["pi_1"]


def test_a_payment_that_only_one_side_knows_is_found() -> None:
    assert found([PAID], []) == ["pi_2"]
    assert found([], [PAID]) == ["pi_2"]


def test_one_that_is_missing_does_not_bring_the_others_out_of_step() -> None:
    payments = [PAID._replace(id=f"pi_{number}") for number in range(9)]
    assert found(payments, payments[1:]) == ["pi_0"]
    assert found([*payments[:4], *payments[5:]], payments) == ["pi_4"]


def test_payments_of_the_same_moment_may_come_in_another_order() -> None:
    moment = [PAID._replace(id=f"pi_{number}") for number in range(9)]
    assert found(moment, moment[::-1]) == []


def test_however_many_are_missing_only_those_of_a_minute_are_remembered() -> None:
    payments = [PAID._replace(id=f"pi_{at}", created=at) for at in range(10_000, 0, -1)]
    shown, alive = payments[:10] + payments[9_990:], weakref.WeakSet[WatchedId]()

    def stored() -> Iterator[Payment]:
        for payment in payments:
            alive.add(one := WatchedId(payment.id))
            yield payment._replace(id=one)
            most.append(len(alive))

    most: list[int] = []
    tally = compare(stored(), iter(shown))
    assert (tally.counted, tally.found) == (10_000, 9_980)
    assert max(most) < MAX_FINDINGS + 100


class WatchedId(str):
    """An id that can be seen to be forgotten."""

    __slots__ = ("__weakref__",)


def test_the_api_is_read_page_by_page() -> None:
    store = FakeStore()
    store.answers = [page(["pi_3", "pi_2"], more=True), page(["pi_1"], more=False)]
    with serving(store) as url:
        ids = [payment.id for payment in listed(Gateway(url, "sk_test"), datetime.now(UTC))]
    assert ids == ["pi_3", "pi_2", "pi_1"]
    assert "starting_after=pi_2" in store.requests[1][1]


def test_an_api_that_refuses_us_proves_nothing() -> None:
    store = FakeStore()
    store.answers = [(401, {})]
    with serving(store) as url, pytest.raises(CannotProve, match="cannot be read") as refused:
        list(listed(Gateway(url, "sk_test_geheim"), datetime.now(UTC)))
    assert "geheim" not in refused.value.message


def page(ids: list[str], *, more: bool) -> tuple[int, dict[str, Any]]:
    data = [
        {
            "id": each,
            "created": 1_000,
            "amount": 1,
            "currency": "eur",
            "status": "succeeded",
            "amount_received": 1,
        }
        for each in ids
    ]
    return 200, {"data": data, "has_more": more}
