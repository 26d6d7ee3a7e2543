"""What ops see of a backlog, and what becomes of deliveries that are too old."""

from datetime import timedelta
from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from store.orders.models.tables import database
from store.orders.webhooks import dispatch as dispatch_module
from store.orders.webhooks.dispatch import Dispatcher
from store.orders.webhooks.testing import states


def shown() -> tuple[float, float, float]:
    """What waits, what was given up, and for how many seconds the oldest has been waiting."""
    names = ("webhook_deliveries_pending", "webhook_deliveries_dead", "webhook_lag_seconds")
    pending, dead, lag = (REGISTRY.get_sample_value(name) or 0.0 for name in names)
    return pending, dead, lag


def test_a_worker_shows_how_far_subscribers_are_behind(
    orders: list[UUID], dispatcher: Dispatcher
) -> None:
    database.run("UPDATE webhook_endpoints SET state = 'paused'")
    dispatcher.step()
    assert shown() == (50, 0, 0)
    database.run("UPDATE webhook_deliveries SET created_at = now() - interval '1 hour'")
    database.run("UPDATE webhook_endpoints SET state = 'active', rest_until = now() + '1 minute'")
    database.run(
        """UPDATE webhook_deliveries SET state = 'dead', answer = '500'
        WHERE event_id = (SELECT max(event_id) FROM webhook_deliveries)"""
    )
    dispatcher._backlog_at = 0.0
    dispatcher.step()
    pending, dead, lag = shown()
    assert (pending, dead) == (49, 1)
    assert 3600 <= lag < 3700


def test_what_is_too_old_is_given_up_and_later_forgotten(
    orders: list[UUID], dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.run(
        """UPDATE webhook_endpoints SET failures = 9, failing_since = now() - interval '3 days',
        rest_until = now() + interval '1 hour'"""
    )
    long_ago = "created_at = now() - interval '4 days', give_up_at = now() - interval '1 day'"
    database.run(f"UPDATE webhook_deliveries SET {long_ago} WHERE number < 3")
    database.run(
        "UPDATE webhook_deliveries SET state = 'delivered', delivered_at = now(), answer = '200' "
        "WHERE number = 5"
    )
    dispatcher.step()
    seen = dict(states())
    assert seen == {1: "dead", 2: "dead", 3: "pending", 4: "pending", 5: "delivered"}
    monkeypatch.setattr(dispatch_module, "DELIVERIES_KEPT", timedelta(seconds=-1))
    dispatcher._purge_at = 0.0
    dispatcher.step()
    assert {number for number, _ in states()} == {1, 2, 3, 4}


def test_a_paused_endpoint_gives_nothing_up(orders: list[UUID], dispatcher: Dispatcher) -> None:
    database.run("UPDATE webhook_endpoints SET state = 'paused'")
    long_ago = "created_at = now() - interval '4 days', give_up_at = now() - interval '1 day'"
    database.run(f"UPDATE webhook_deliveries SET {long_ago}")
    dispatcher.step()
    assert {state for _, state in states()} == {"pending"}
