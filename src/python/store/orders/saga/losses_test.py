"""The database crashes and forgets what nobody waited for; money and stock must not care."""

from collections.abc import Iterator

import pytest

from store.database.config import DatabaseConfig
from store.database.database import Database
from store.database.migrations import migrate
from store.database.testing import CrashingServer, crashing  # noqa: F401
from store.orders.models import tables
from store.orders.models.queries import order_of
from store.orders.models.states import State, Step
from store.orders.testing.books import wrong_in_the_books
from store.orders.testing.faults import Fault, Faults, SimulatedCrash
from store.orders.testing.flows import Flow, Sale, is_at_rest


@pytest.fixture(scope="module", autouse=True)
def database(crashing: CrashingServer) -> Iterator[Database]:  # noqa: F811
    """The orders' database, on a server that crashes."""
    crashing.create_role("orders")
    crashing.create_database("orders", owner="orders")
    tables.database.open(DatabaseConfig(url=crashing.url("orders", "orders")))
    migrate(tables.database, tables.MIGRATIONS)
    yield tables.database
    tables.database.shut()


class Crash:
    """Lets the database crash just after a call of a flow was carried out, and what may follow."""

    def __init__(self, flow: Flow, server: CrashingServer, *, dies: bool, cancels: bool) -> None:
        self.flow, self.server, self.dies, self.cancels = flow, server, dies, cancels
        self.step_found: Step | None = None

    def after(self, call: str, faults: Faults) -> None:
        faults.next(call, Fault.STOPPED_AFTER)
        faults.meanwhile = self.happens

    def happens(self) -> None:
        self.server.crash()
        self.step_found = order_of(self.flow.order_id).step
        if self.cancels:
            self.flow.request_seconds = 0.0
            self.flow.cancel()
        if self.dies:
            raise SimulatedCrash


GOES_ON, DIES, CANCELS = False, True, True
SALES = [
    pytest.param("authorise", DIES, CANCELS, id="authorise-the-process-dies-too-the-buyer-cancels"),
    pytest.param("capture", GOES_ON, not CANCELS, id="capture"),
    pytest.param("capture", GOES_ON, CANCELS, id="capture-the-buyer-cancels"),
    pytest.param("capture", DIES, not CANCELS, id="capture-the-process-dies-too"),
    pytest.param("capture", DIES, CANCELS, id="capture-the-process-dies-too-the-buyer-cancels"),
]


@pytest.mark.parametrize(("call", "dies", "cancels"), SALES)
def test_what_a_crash_forgets_of_a_sale_is_learned_again(
    crashing: CrashingServer,  # noqa: F811
    call: str,
    dies: bool,
    cancels: bool,
) -> None:
    flow = Sale()
    flow.request_seconds = 5.0
    crash = Crash(flow, crashing, dies=dies, cancels=cancels)
    crash.after(call, flow.shop.payments.faults)
    flow.run()
    order = flow.rest(until=is_at_rest)
    assert crash.step_found == Step.AUTHORISE, "only the plan to ask for money should be known"
    assert wrong_in_the_books(order, flow.shop) == []
    assert order.state == (State.CANCELLED if cancels else State.CONFIRMED)


@pytest.mark.parametrize("dies", [GOES_ON, DIES], ids=["", "the-process-dies-too"])
def test_a_refund_that_a_crash_forgets_is_not_made_twice(
    crashing: CrashingServer,  # noqa: F811
    dies: bool,
) -> None:
    """The buyer cancels while the money is taken, so whoever takes it plans the refund, too."""
    flow = Sale()
    flow.request_seconds = 5.0
    payments = flow.shop.payments
    payments.faults.next("capture", Fault.STOPPED_AFTER)

    def cancel() -> None:
        flow.request_seconds = 0.0
        flow.cancel()
        crash.after("refund", payments.faults)

    crash = Crash(flow, crashing, dies=dies, cancels=False)
    payments.faults.meanwhile = cancel
    flow.run()
    order = flow.rest(until=is_at_rest)
    assert wrong_in_the_books(order, flow.shop) == []
    assert (order.state, len(payments.refunds)) == (State.CANCELLED, 1)
