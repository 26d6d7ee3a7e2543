"""The worker brings to its end what nobody else has."""

from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from store.auth.callers import Caller
from store.database.errors import DatabaseDown
from store.orders import worker as worker_module
from store.orders.conftest import Buy
from store.orders.models.order import Order
from store.orders.models.queries import order_of
from store.orders.models.tables import database
from store.orders.testing.fake_payments import THREE_D_SECURE
from store.orders.testing.faults import Fault
from store.orders.testing.shop import FakeShop, started, time_passes
from store.orders.use_cases.gateway_events import receive_event
from store.orders.worker import MAX_ORDERS, Worker


def stranded(buy: Buy) -> Order:
    """An order whose request gave up after its first step."""
    return buy(1, seconds=0.0)


def work_until_idle(*workers: Worker) -> None:
    """Let the workers take turns until none of them finds anything to do."""
    found = True
    while found:
        found = max([worker.step() for worker in workers])
    for worker in workers:
        worker.finish()


def test_a_worker_finishes_what_requests_have_begun(buy: Buy, shop: FakeShop) -> None:
    shop.inventory.shelf["MUG"] = 20
    orders = [stranded(buy) for _ in range(MAX_ORDERS + 2)]
    work_until_idle(Worker(shop))
    assert {order_of(order.id).state for order in orders} == {"confirmed"}
    assert shop.inventory.shelf["MUG"] == 20 - len(orders)


def test_several_workers_never_do_the_same_work(buy: Buy, shop: FakeShop) -> None:
    orders = [stranded(buy) for _ in range(5)]
    workers = [Worker(shop) for _ in range(3)]
    work_until_idle(*workers)
    assert {order_of(order.id).state for order in orders} == {"confirmed"}
    calls = shop.payments.faults.calls
    assert (calls["authorise"], calls["capture"]) == (5, 5)


def test_an_order_that_has_to_wait_is_a_warning_and_what_nobody_foresaw_an_error(
    buy: Buy, shop: FakeShop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    errors = [DatabaseDown("The database is not available."), ZeroDivisionError()]

    def fail(*_args: object) -> None:
        raise errors.pop(0)

    monkeypatch.setattr(worker_module, "advance", fail)
    stranded(buy)
    worker = Worker(shop)
    while errors:
        worker.step()
    worker.finish()
    seen = [(record.levelname, bool(record.exc_info)) for record in caplog.records]
    assert [line for line in seen if line[0] != "INFO"][:2] == [("WARNING", False), ("ERROR", True)]


def test_an_order_that_fails_keeps_nobody_waiting(buy: Buy, shop: FakeShop) -> None:
    bad = stranded(buy)
    good = stranded(buy)
    database.run(
        "UPDATE orders SET next_attempt_at = now() - interval '1 h' WHERE id = %s", (bad.id,)
    )
    shop.payments.faults.next("authorise", Fault.CRASH_BEFORE)
    work_until_idle(Worker(shop))
    assert order_of(good.id).state == "confirmed"
    assert order_of(bad.id).step == "authorise"
    time_passes()
    work_until_idle(Worker(shop))
    assert order_of(bad.id).state == "confirmed"


def shown() -> dict[str, float | None]:
    named = {
        "due": ("orders_due", {}),
        "pending": ("orders_in_progress", {"state": "pending"}),
        "awaiting": ("orders_in_progress", {"state": "awaiting_payment"}),
        "oldest": ("orders_oldest_pending_seconds", {}),
    }
    return {name: REGISTRY.get_sample_value(*sample) for name, sample in named.items()}


def test_a_worker_shows_what_is_waiting(buy: Buy, shop: FakeShop) -> None:
    order = stranded(buy)
    at_the_bank = buy(1, method=THREE_D_SECURE)
    database.run(
        "UPDATE orders SET next_attempt_at = now() + '1 min', state_since = now() - '1 h'::interval"
    )
    database.run("UPDATE orders SET next_attempt_at = now() WHERE id = %s", (order.id,))
    worker = Worker(shop)
    worker.step()
    worker.finish()
    oldest = shown().pop("oldest")
    assert shown() == {"due": 1, "pending": 1, "awaiting": 1, "oldest": oldest}
    assert oldest is not None
    assert 3600 <= oldest < 3660
    assert (order_of(order.id).state, order_of(at_the_bank.id).state) == (
        "confirmed",
        "awaiting_payment",
    )
    Worker(shop).step()
    assert shown() == {"due": 0, "pending": 0, "awaiting": 1, "oldest": 0.0}


def test_an_order_that_somebody_works_on_is_not_due(buy: Buy, shop: FakeShop) -> None:
    order = stranded(buy)
    database.run(
        """UPDATE orders SET next_attempt_at = now(), lease = id,
        leased_until = now() + interval '1 min'"""
    )
    Worker(shop).step()
    assert (shown()["due"], shown()["pending"]) == (0, 1)
    assert order_of(order.id).state == "pending"


def test_an_order_back_from_its_bank_has_not_been_pending_all_the_time(
    buy: Buy, shop: FakeShop
) -> None:
    order = buy(1, method=THREE_D_SECURE)
    database.run("UPDATE orders SET state_since = now() - interval '10 min'")
    shop.payments.pass_challenge(str(order.payment and order.payment.intent_id), well=True)
    shop.inventory.faults.next("commit", Fault.CRASH_BEFORE)
    time_passes()
    work_until_idle(Worker(shop))
    assert order_of(order.id).state == "pending"
    Worker(shop).step()
    assert 0.0 < (shown()["oldest"] or 0.0) < 60


def test_a_worker_forgets_old_keys_and_webhooks(
    buyer: Caller, shop: FakeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    started(buyer).finish(201, {}, b"{}")
    receive_event(b'{"id": "evt_1", "type": "x", "data": {"object": {}}}', shop)
    Worker(shop).step()
    assert _count("idempotency_keys") == _count("gateway_events") == 1
    monkeypatch.setattr(worker_module, "KEYS_KEPT", timedelta(seconds=-1))
    monkeypatch.setattr(worker_module, "WEBHOOKS_KEPT", timedelta(seconds=-1))
    Worker(shop).step()
    assert _count("idempotency_keys") == _count("gateway_events") == 0


def _count(table: str) -> int:
    return int((database.row(f"SELECT count(*) AS n FROM {table}") or {})["n"])
