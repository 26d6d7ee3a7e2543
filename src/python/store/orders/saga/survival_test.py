"""Every step of every flow meets every fault; money, stock and story must be right at the end."""

from collections.abc import Iterator
from itertools import combinations, product

import pytest

from store.database.testing import own_copy
from store.orders.errors import HoldReleased, NotForSale, OutOfStock, PaymentDeclined, UnknownSku
from store.orders.models import tables
from store.orders.models.order import Order
from store.orders.models.states import State
from store.orders.testing.books import SOLD, wrong_in_the_books
from store.orders.testing.fake_inventory import FakeInventory
from store.orders.testing.faults import Fault, Faults
from store.orders.testing.flows import (
    FLOWS,
    SHELF,
    CancelledSale,
    Challenge,
    Decline,
    FailedChallenge,
    Flow,
    PartlyRefunded,
    Sale,
    SoldOut,
    WhollyRefunded,
    is_at_rest,
)
from store.server.errors import StoreError

REJECTED, CANCELLED, CONFIRMED = State.REJECTED, State.CANCELLED, State.CONFIRMED
GONE, AWAY = OutOfStock("MUG", 0), HoldReleased()
NO_SUCH, NOT_SOLD = UnknownSku("MUG"), NotForSale("MUG")
NO = PaymentDeclined("do_not_honor")

REFUSALS: list[tuple[type[Flow], str, StoreError, State, str | None]] = [
    # While stock and money are taken, a definite no ends the order and gives back what was taken.
    (Sale, "reserve", GONE, REJECTED, "out_of_stock"),
    (Sale, "reserve", NO_SUCH, REJECTED, "unknown_sku"),
    (Sale, "reserve", NOT_SOLD, REJECTED, "not_for_sale"),
    (Sale, "reserve", AWAY, REJECTED, "expired"),
    (Sale, "authorise", NO, REJECTED, "payment_declined"),
    (Sale, "commit", GONE, REJECTED, "out_of_stock"),
    (Sale, "commit", AWAY, REJECTED, "expired"),
    (Sale, "capture", NO, REJECTED, "payment_declined"),
    (Challenge, "reserve", GONE, REJECTED, "out_of_stock"),
    (Challenge, "authorise", NO, REJECTED, "payment_declined"),
    (Challenge, "commit", GONE, REJECTED, "out_of_stock"),
    (Challenge, "commit", AWAY, REJECTED, "expired"),
    (Challenge, "capture", NO, REJECTED, "payment_declined"),
    # What gives stock and money back takes no for no answer.
    (Decline, "cancel", NO, REJECTED, "payment_declined"),
    (Decline, "release", AWAY, REJECTED, "payment_declined"),
    (SoldOut, "release", AWAY, REJECTED, "out_of_stock"),
    (FailedChallenge, "cancel", NO, REJECTED, "payment_declined"),
    (CancelledSale, "refund", NO, CANCELLED, "cancelled_by_buyer"),
    (CancelledSale, "release", AWAY, CANCELLED, "cancelled_by_buyer"),
    # A refund that only staff wish for may be refused: then the order is what it was.
    (PartlyRefunded, "refund", NO, CONFIRMED, None),
    (WhollyRefunded, "refund", NO, CONFIRMED, None),
]
WORST = (Fault.CRASH_AFTER, Fault.DONE_BUT_TIMED_OUT, Fault.STOPPED_AFTER)


# One database for all of these: each flow has a buyer and a shop of its own.
database_config, database = own_copy("orders", tables.database, scope="module", autouse=True)


pytestmark = pytest.mark.usefixtures("honest_counters")


@pytest.fixture(autouse=True)
def nothing_unexpected(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """The engine survives errors that nobody has planned, too; here there must be none."""
    yield
    assert [record.message for record in caplog.records if record.exc_info] == []


def each_call_of(flows: tuple[type[Flow], ...]) -> list[tuple[type[Flow], str]]:
    return [(flow, call) for flow in flows for call in dict.fromkeys(flow.calls)]


def named(value: object) -> str | None:
    match value:
        case type():
            return value.__name__
        case Fault():
            return value.name.lower()
        case StoreError():
            return value.code
    return None


def faults_of(flow: Flow, call: str) -> Faults:
    of_inventory = hasattr(FakeInventory, call)
    return flow.shop.inventory.faults if of_inventory else flow.shop.payments.faults


def survived(flow: Flow, *faults: tuple[str, Fault | StoreError]) -> Order:
    """The order at rest, after a run in which these calls met these faults; its books are right."""
    for call, fault in faults:
        faults_of(flow, call).next(call, fault)
    for side in (flow.shop.inventory, flow.shop.payments):
        side.faults.meanwhile = flow.others_go_on
    flow.run()
    order = flow.rest(until=is_at_rest)
    assert wrong_in_the_books(order, flow.shop) == []
    sold = flow.quantity if order.state in SOLD else 0
    assert flow.shop.inventory.shelf["MUG"] == SHELF - flow.sold_to_others - sold
    return order


@pytest.mark.parametrize("flow", FLOWS, ids=named)
def test_undisturbed_a_flow_makes_its_calls_and_comes_to_its_end(flow: type[Flow]) -> None:
    running = flow()
    assert survived(running).state == flow.ends
    made = running.shop.inventory.faults.calls + running.shop.payments.faults.calls
    assert sorted(made.elements()) == sorted(flow.calls)


@pytest.mark.parametrize("fault", Fault, ids=named)
@pytest.mark.parametrize(("flow", "call"), each_call_of(FLOWS), ids=named)
def test_whatever_happens_at_any_call_the_flow_comes_to_its_end(
    flow: type[Flow], call: str, fault: Fault
) -> None:
    running = flow()
    order = survived(running, (call, fault))
    assert not faults_of(running, call).waiting[call], "the fault was never met"
    assert order.state == flow.ends


@pytest.mark.parametrize(("flow", "call", "refusal", "ends", "reason"), REFUSALS, ids=named)
def test_a_definite_no_at_any_call_has_its_end(
    flow: type[Flow], call: str, refusal: StoreError, ends: State, reason: str | None
) -> None:
    running = flow()
    order = survived(running, (call, refusal))
    assert not faults_of(running, call).waiting[call], "it was never refused"
    assert (order.state, order.reason) == (ends, reason)


def test_every_call_that_can_be_refused_is_refused_somewhere() -> None:
    asked = {call for flow in FLOWS for call in flow.calls}
    assert asked - {call for _, call, *_ in REFUSALS} == {"look", "look_at_refund"}


@pytest.mark.parametrize("flow", [Sale, Challenge, CancelledSale, WhollyRefunded], ids=named)
@pytest.mark.parametrize(("first", "second"), list(product(WORST, WORST)), ids=named)
def test_two_faults_in_one_flow_are_no_worse(flow: type[Flow], first: Fault, second: Fault) -> None:
    for one, other in combinations(flow.calls, 2):
        order = survived(flow(), (one, first), (other, second))
        assert order.state == flow.ends, (one, other)
