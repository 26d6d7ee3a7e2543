"""The table of the saga is whole, and orders take the ways that it names and no other."""

from datetime import datetime

import pytest

from store.orders.models.order import LEASE_SECONDS, Order
from store.orders.models.states import Step
from store.orders.models.writes import Change
from store.orders.saga import engine
from store.orders.saga.definition import COMPENSATE, SAGA, Choice, Then
from store.orders.saga.outcomes import Done, Outcome, Refused, Waiting
from store.orders.saga.transitions import change_of as real
from store.orders.testing.flows import FLOWS, is_at_rest

Way = tuple[Step, type[Outcome], Step | None]

FORWARD = [step for step, each in SAGA.items() if each.compensation]
COMPENSATIONS = [step for step, each in SAGA.items() if each.owed]


def ways_of(step: Step, outcome: type[Outcome], then: Then | None) -> set[Way]:
    if then is None:
        return set()
    among = then.next.among if isinstance(then.next, Choice) else (then.next,)
    return {(step, outcome, each) for each in among}


NAMED = set[Way]().union(
    *(
        ways_of(step, Done, each.done)
        | ways_of(step, Waiting, each.waiting)
        | ways_of(step, Refused, each.refused)
        for step, each in SAGA.items()
    )
)


def test_every_step_is_defined_and_either_takes_or_gives_back() -> None:
    assert [*SAGA] == [*FORWARD, *COMPENSATIONS]
    assert {*SAGA} == {*Step}


def test_whatever_takes_has_a_compensation_and_that_gives_back() -> None:
    assert {SAGA[step].compensation for step in FORWARD} == {*COMPENSATIONS}
    assert COMPENSATE.among == (*COMPENSATIONS,)


def test_a_forward_step_takes_a_no_and_no_compensation_expires() -> None:
    assert [step for step in FORWARD if SAGA[step].insists or SAGA[step].refused is None] == []
    assert [step for step in COMPENSATIONS if SAGA[step].expires] == []


@pytest.mark.parametrize("step", Step)
def test_a_lease_outlasts_the_calls_of_a_step(step: Step) -> None:
    # A capture may take three: the first, a look at how it stands, and another with a new key.
    assert 3 * SAGA[step].timeout_seconds < LEASE_SECONDS


def test_orders_take_the_ways_of_the_table_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: set[Way] = set()

    def change_of(order: Order, outcome: Outcome, at: datetime) -> Change:
        change = real(order, outcome, at)
        begins_to_end = change.after.ending and not order.ending
        if order.step and isinstance(outcome, Done | Waiting | Refused) and not begins_to_end:
            taken.add((order.step, type(outcome), change.after.step))
        return change

    monkeypatch.setattr(engine, "change_of", change_of)
    for flow in FLOWS:
        running = flow()
        running.run()
        assert running.rest(until=is_at_rest).state == flow.ends
    assert taken <= NAMED
    onward = {(step, Done, each.done.next) for step, each in SAGA.items() if step in FORWARD}
    assert onward <= taken
    assert {step for step, _, _ in taken} == {*Step}
