"""The engine's own writes fail, too: before, after, for a while, or with their answer lost."""

from collections.abc import Callable, Iterator

import pytest

from store.database.database import Database
from store.database.errors import CommitUnknown
from store.database.idempotency import IdempotencyKeys, IdempotentRequest
from store.database.testing import own_copy
from store.orders.conftest import Get, Place
from store.orders.models import tables
from store.orders.models.order import Order
from store.orders.models.queries import order_of
from store.orders.models.states import State, Step
from store.orders.models.writes import Change
from store.orders.saga import engine
from store.orders.testing.books import wrong_in_the_books
from store.orders.testing.faults import Fault, Faults
from store.orders.testing.flows import FLOWS, Flow, Sale, is_at_rest
from store.orders.testing.shop import FakeShop, basket, time_passes
from store.orders.use_cases.cancellation import cancel_order
from store.orders.use_cases.refunds import refund_order
from store.server.ids import new_id

Lose = Callable[..., None]

STEP_OF = {
    **{str(step): step for step in Step},
    "look": Step.AWAIT_BUYER,
    "cancel": Step.VOID,
    "refund": Step.REPAY,
    "look_at_refund": Step.REPAY,
}
"""The step whose outcome is saved after a call."""

FAULTS = [fault for fault in Fault if fault != Fault.DUPLICATED]
SAVES = [(flow, step) for flow in FLOWS for step in dict.fromkeys(STEP_OF[c] for c in flow.calls)]


# One database for all of these: each flow has a buyer and a shop of its own.
database_config, database = own_copy("orders", tables.database, scope="module", autouse=True)


@pytest.fixture(autouse=True)
def nothing_unexpected(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """The engine survives errors that nobody has planned, too; here there must be none."""
    yield
    assert [record.message for record in caplog.records if record.exc_info] == []


@pytest.fixture
def saves(monkeypatch: pytest.MonkeyPatch) -> Faults:
    """What goes wrong with the writes of outcomes, by the step that the order was at."""
    faults, real = Faults(unanswered=CommitUnknown), engine.save

    def save(before: Order, change: Change) -> Order | None:
        return faults.around(str(before.step), lambda: real(before, change))

    monkeypatch.setattr(engine, "save", save)
    monkeypatch.setattr(engine, "seconds_to_wait", lambda *_, **__: 0.0)
    return faults


@pytest.mark.usefixtures("honest_counters")
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.lower())
@pytest.mark.parametrize(
    ("flow", "step"), SAVES, ids=lambda value: getattr(value, "__name__", value)
)
def test_whatever_happens_to_the_writing_of_an_outcome_the_flow_comes_to_its_end(
    flow: type[Flow], step: Step, fault: Fault, saves: Faults
) -> None:
    running = flow()
    saves.next(step, fault)
    saves.meanwhile = running.others_go_on
    running.run()
    order = running.rest(until=is_at_rest)
    assert not saves.waiting[step], "the fault was never met"
    assert (order.state, wrong_in_the_books(order, running.shop)) == (flow.ends, [])


@pytest.fixture
def lose_the_answer_to_commit(database: Database, monkeypatch: pytest.MonkeyPatch) -> Lose:
    """Lets the next COMMIT be carried out, or not, without an answer."""
    commit = database.commit

    def lose(*, done: bool) -> None:
        def lost() -> None:
            monkeypatch.setattr(database, "commit", commit)
            end = commit if done else database.rollback
            end()
            raise CommitUnknown("The database was lost during a commit.")

        monkeypatch.setattr(database, "commit", lost)

    return lose


@pytest.mark.parametrize("done", [True, False], ids=["committed", "not-committed"])
def test_a_placement_whose_commit_was_not_answered_is_made_once(
    done: bool, place: Place, get: Get, shop: FakeShop, lose_the_answer_to_commit: Lose
) -> None:
    lose_the_answer_to_commit(done=done)
    first = place(key="k")
    assert (first.status_code, first.json["code"]) == (503, "outcome_unknown")
    time_passes()
    again = place(basket(), key="k")
    assert (again.status_code, again.json["state"]) == (201, "confirmed")
    assert [order["id"] for order in get("").json["items"]] == [again.json["id"]]
    assert sum(shop.payments.captures.values()) == 1


@pytest.mark.usefixtures("honest_counters")
@pytest.mark.parametrize("done", [True, False], ids=["committed", "not-committed"])
def test_a_wish_to_cancel_whose_commit_was_not_answered_is_repeated(
    done: bool, lose_the_answer_to_commit: Lose
) -> None:
    flow = Sale()
    order = flow.place()
    lose_the_answer_to_commit(done=done)
    with pytest.raises(CommitUnknown):
        cancel_order(order.id, flow.buyer, flow.shop, 0.0)
    assert (order_of(order.id).cancel_requested_at is not None) is done
    order = cancel_order(order.id, flow.buyer, flow.shop, 5.0)
    assert (order.state, wrong_in_the_books(order, flow.shop)) == (State.CANCELLED, [])


@pytest.mark.usefixtures("honest_counters")
@pytest.mark.parametrize("done", [True, False], ids=["committed", "not-committed"])
def test_a_refund_whose_commit_was_not_answered_is_made_once(
    done: bool, lose_the_answer_to_commit: Lose
) -> None:
    flow = Sale()
    order, key = flow.place(), str(new_id())
    keys = IdempotencyKeys(tables.database)

    def ask() -> None:
        begun = keys.begin(str(flow.clerk.id), key, "fingerprint")
        assert isinstance(begun, IdempotentRequest)
        with begun:
            refund_order(order.id, flow.clerk, 100, "scratched", begun)

    lose_the_answer_to_commit(done=done)
    with pytest.raises(CommitUnknown):
        ask()
    ask()
    order = flow.rest(until=is_at_rest)
    assert (order.refunded, wrong_in_the_books(order, flow.shop)) == (100, [])
