"""Delivery: in order per order, at least once; and nobody holds up anybody else."""

import random
import threading
from contextlib import ExitStack
from uuid import UUID

import pytest

from store.orders.conftest import Buy
from store.orders.models.tables import database
from store.orders.webhooks import dispatch as dispatch_module
from store.orders.webhooks.dispatch import Dispatcher
from store.orders.webhooks.fake_subscriber import ReceivedMessage, Subscriber, subscribing
from store.orders.webhooks.models import MAX_PER_ENDPOINT
from store.orders.webhooks.testing import add_endpoint, all_due, states, step_until
from store.server.grpc.testing import wait_until
from store.server.process.lifecycle import stopping


def is_all_delivered() -> bool:
    return {state for _, state in states()} == {"delivered"}


def first_arrivals(subscriber: Subscriber, order_id: UUID) -> list[int]:
    return list(dict.fromkeys(subscriber.numbers_of(order_id)))


def test_two_workers_bring_each_event_once_and_in_order(
    orders: list[UUID], subscriber: Subscriber, dispatchers: list[Dispatcher]
) -> None:
    step_until(is_all_delivered, *[each.step for each in dispatchers])
    assert {tuple(subscriber.numbers_of(order)) for order in orders} == {(1, 2, 3, 4, 5)}


def test_nothing_overtakes_while_attempts_fail_and_leases_run_out(
    orders: list[UUID], subscriber: Subscriber, dispatchers: list[Dispatcher]
) -> None:
    draw = random.Random(4)
    subscriber.answer = lambda _got: draw.choice([200, 200, 500, 503])

    def disturb() -> bool:
        all_due()  # whoever is sending loses his lease, and the other one sends it, too
        return False

    step_until(is_all_delivered, disturb, *[each.step for each in dispatchers], seconds=30)
    assert {tuple(first_arrivals(subscriber, order)) for order in orders} == {(1, 2, 3, 4, 5)}
    assert len(subscriber.got) > len(states())


def test_a_worker_that_was_stopped_for_long_does_not_send_what_others_have_sent(
    orders: list[UUID],
    subscriber: Subscriber,
    dispatchers: list[Dispatcher],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stopped, other = dispatchers
    monkeypatch.setattr(dispatch_module, "LATEST_START_SECONDS", -1.0)
    stopped.step()
    wait_until(lambda: all(future.done() for future in stopped._sending))
    monkeypatch.undo()
    assert subscriber.got == []
    all_due()
    step_until(is_all_delivered, other.step)
    stopped.step()
    assert len(subscriber.got) == len(states())


def test_what_a_lost_worker_had_in_hand_is_sent_by_another(
    orders: list[UUID], subscriber: Subscriber, dispatchers: list[Dispatcher]
) -> None:
    lost, other = dispatchers
    lost._claim()
    wait_until(lambda: all(future.done() for future in lost._sending))
    lost._sending.clear()  # it is killed before it can note anything
    for _ in range(3):
        other.step()
    assert "delivered" not in {state for number, state in states() if number == 1 + 1}
    all_due()
    step_until(is_all_delivered, other.step)
    assert {tuple(first_arrivals(subscriber, order)) for order in orders} == {(1, 2, 3, 4, 5)}


def test_outcomes_that_cannot_be_written_are_written_later(
    orders: list[UUID],
    subscriber: Subscriber,
    dispatcher: Dispatcher,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_outcomes: object) -> None:
        raise ConnectionError

    dispatcher.step()
    wait_until(lambda: len(subscriber.got) == MAX_PER_ENDPOINT)
    wait_until(lambda: all(future.done() for future in dispatcher._sending))
    monkeypatch.setattr(dispatch_module, "note_taken", fail)
    with pytest.raises(ConnectionError):
        dispatcher.step()
    monkeypatch.undo()
    step_until(is_all_delivered, dispatcher.step)
    assert len(subscriber.got) == len(states())


def test_a_subscriber_that_hangs_holds_up_nobody_else(
    orders: list[UUID], subscriber: Subscriber, dispatcher: Dispatcher
) -> None:
    release = threading.Event()
    with ExitStack() as stack:
        stuck = [stack.enter_context(subscribing()) for _ in range(3)]
        stack.callback(release.set)
        for each in stuck:
            each.answer = lambda _got: 200 if release.wait(20) else 500
            add_endpoint(each.url)
        database.run(
            """INSERT INTO webhook_deliveries (endpoint_id, event_id, order_id, number, give_up_at)
            SELECT p.id, e.id, e.order_id, e.number, now() + interval '3 days'
            FROM webhook_endpoints p, order_events e ON CONFLICT DO NOTHING"""
        )
        step_until(lambda: len(subscriber.got) == 50, dispatcher.step)
        assert [len(each.got) for each in stuck] == [MAX_PER_ENDPOINT] * 3
        release.set()
        step_until(is_all_delivered, dispatcher.step)


def test_a_subscriber_that_was_away_gets_everything_soon_after(
    orders: list[UUID], subscriber: Subscriber, dispatcher: Dispatcher
) -> None:
    subscriber.answer = lambda _got: 503
    step_until(lambda: len(subscriber.got) >= 12, dispatcher.step)
    # It is found away several times in a row, and a minute ago it was so already.
    database.run("UPDATE webhook_endpoints SET failing_since = now() - interval '1 minute'")
    subscriber.answer = lambda _got: 200
    step_until(is_all_delivered, dispatcher.step, seconds=20)
    assert {tuple(first_arrivals(subscriber, order)) for order in orders} == {(1, 2, 3, 4, 5)}


def test_a_paused_endpoint_collects_and_goes_on_in_order(
    buy: Buy, subscriber: Subscriber, dispatcher: Dispatcher
) -> None:
    add_endpoint(subscriber.url)
    before = buy(1).id
    step_until(is_all_delivered, dispatcher.step)
    database.run("UPDATE webhook_endpoints SET state = 'paused'")
    during = buy(1).id
    for _ in range(5):
        dispatcher.step()
    assert (len(subscriber.got), len(states())) == (5, 10)
    database.run("UPDATE webhook_endpoints SET state = 'active'")
    step_until(is_all_delivered, dispatcher.step)
    assert subscriber.numbers_of(before) == subscriber.numbers_of(during) == [1, 2, 3, 4, 5]


def test_a_subscriber_that_is_gone_is_not_asked_again(
    buy: Buy, subscriber: Subscriber, dispatcher: Dispatcher
) -> None:
    add_endpoint(subscriber.url)
    buy(1)
    subscriber.answer = lambda got: 410 if got.data["number"] == 2 else 200
    step_until(lambda: not dispatcher.step() and len(subscriber.got) == 2)
    all_due()
    dispatcher.step()
    assert [got.data["number"] for got in subscriber.got] == [1, 2]
    assert states()[:3] == [(1, "delivered"), (2, "pending"), (3, "pending")]


def test_a_secret_that_nobody_can_open_keeps_the_message(
    orders: list[UUID], subscriber: Subscriber, dispatcher: Dispatcher
) -> None:
    database.run("UPDATE webhook_endpoints SET sealed_secret = 'nonsense'")

    def answers() -> set[str]:
        rows = database.rows("SELECT DISTINCT answer FROM webhook_deliveries WHERE attempts > 0")
        return {row["answer"] for row in rows}

    step_until(lambda: answers() == {"sealed"}, dispatcher.step)
    assert {state for _, state in states()} == {"pending"}
    assert subscriber.got == []


def test_what_is_in_hand_is_finished_when_the_process_stops(
    orders: list[UUID], subscriber: Subscriber, dispatcher: Dispatcher
) -> None:
    entered, release = threading.Semaphore(0), threading.Event()

    def slowly(_got: ReceivedMessage) -> int:
        entered.release()
        return 200 if release.wait(10) else 500

    subscriber.answer = slowly
    running = threading.Thread(target=dispatcher.run)
    running.start()
    try:
        for _ in range(MAX_PER_ENDPOINT):
            assert entered.acquire(timeout=10)
        stopping.set()
        release.set()
        running.join(10)
    finally:
        stopping.clear()
    assert not running.is_alive()
    rows = database.rows("SELECT count(*) AS n FROM webhook_deliveries WHERE lease IS NOT NULL")
    assert rows == [{"n": 0}]
    assert [state for _, state in states()].count("delivered") == len(subscriber.got)
