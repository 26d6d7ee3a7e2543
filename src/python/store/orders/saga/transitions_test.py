"""How long an order may have to wait once everything works again."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from store.orders.clients.payments import Intent, Repayment
from store.orders.conftest import Buy
from store.orders.models.order import LEASE_SECONDS, Order
from store.orders.models.payment import Refund
from store.orders.models.states import State, Step
from store.orders.saga.definition import QUICK
from store.orders.saga.outcomes import Unknown, Waiting
from store.orders.saga.transitions import change_of
from store.orders.testing.fake_payments import THREE_D_SECURE
from store.orders.worker import ADVANCE_SECONDS
from store.server.clock import now
from store.server.ids import new_id

CALM_SECONDS = 60.0


@pytest.fixture
def order(buy: Buy) -> Order:
    return buy(method=THREE_D_SECURE)


def waits(order: Order, attempts: int) -> float:
    return change_of(replace(order, attempts=attempts), Unknown("timed out"), now()).wait


def test_an_order_is_at_rest_within_a_minute_after_all_faults(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "uniform", lambda _least, most: most)
    longest = max(waits(order, attempts) for attempts in range(100))
    assert longest == QUICK.longest_seconds
    assert LEASE_SECONDS + longest + ADVANCE_SECONDS <= CALM_SECONDS - 10


def test_the_first_repetition_comes_soon_and_the_jitter_stays_full(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[float, float]] = []

    def draw(least: float, most: float) -> float:
        drawn.append((least, most))
        return least

    monkeypatch.setattr(random, "uniform", draw)
    assert [waits(order, attempts) for attempts in (0, 1, 2, 3, 90)] == [0.0] * 5
    assert drawn == [(0, 2), (0, 4), (0, 8), (0, QUICK.longest_seconds), (0, QUICK.longest_seconds)]


def test_a_buyer_whose_news_are_lost_is_looked_after_within_a_minute(order: Order) -> None:
    wait = change_of(order, Waiting(intent=Intent("pi_1", "requires_action")), now()).wait
    assert wait + ADVANCE_SECONDS <= CALM_SECONDS - 10


@pytest.mark.parametrize(
    ("age", "wait"), [(0, 10), (60, 10), (600, 60), (36_000, 3600), (10**6, 3600)]
)
def test_a_bank_is_asked_ever_later_however_many_attempts_failed(
    order: Order, age: int, wait: int
) -> None:
    at = now()
    asked = at - timedelta(seconds=age)
    refund = Refund(new_id(), 100, "scratched", "pending", order.buyer_id, asked)
    owing = replace(order, state=State.CONFIRMED, step=Step.REPAY, refunds=(refund,), attempts=1000)
    outcome = Waiting(repayment=Repayment("re_1", "pending"), refund_id=refund.id)
    assert change_of(owing, outcome, at).wait == wait
