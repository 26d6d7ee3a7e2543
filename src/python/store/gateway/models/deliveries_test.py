"""Deliveries: one at a time, claimed again when their sender is lost, given up in the end."""

from datetime import timedelta

import peewee
import pytest

from store.gateway.models.deliveries import claim_due, deliveries_of, note_failed
from store.gateway.models.events import find_event
from store.gateway.models.tables import database
from store.gateway.use_cases.unit_of_work import UnitOfWork
from store.server.telemetry import context

pytestmark = pytest.mark.usefixtures("fresh_database")


@pytest.fixture
def event() -> str:
    return published("payment_intent.created", {"id": "pi_1"})


def test_a_claimed_delivery_is_nobody_elses(event: str) -> None:
    [claimed] = claim_due(10)
    assert (claimed.event, claimed.topic, claimed.attempts) == (event, "pi_1", 1)
    assert claim_due(10) == []


def test_a_lost_senders_delivery_is_claimed_again(event: str) -> None:
    claim_due(10)
    pass_time(timedelta(seconds=61))
    [claimed] = claim_due(10)
    assert (claimed.event, claimed.attempts) == (event, 2)


def test_a_delivery_is_given_up_after_three_days(event: str) -> None:
    note_failed(claim_due(10)[0], "503")
    assert state_of(event) == ("pending", "503")
    pass_time(timedelta(days=3))
    note_failed(claim_due(10)[0], "ConnectTimeout")
    assert state_of(event) == ("given_up", "ConnectTimeout")
    pass_time(timedelta(days=3))
    assert claim_due(10) == []


def test_what_nobody_subscribes_to_is_kept_and_not_sent() -> None:
    event_id = published("charge.refunded", {"id": "ch_1"})
    assert deliveries_of(event_id) == []
    assert find_event(event_id) is not None


def test_a_delivery_keeps_the_trace_of_the_request_it_comes_from() -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    with context.resumed(trace):
        event_id = published("payment_intent.succeeded", {"id": "pi_1"})
    [claimed] = claim_due(10)
    assert (claimed.event, claimed.traceparent) == (event_id, trace)
    with pytest.raises(peewee.IntegrityError):
        database.run("UPDATE deliveries SET traceparent = 'Bearer of nonsense'")


def published(type_: str, thing: dict[str, str]) -> str:
    unit = UnitOfWork("req_1", "/v1/things", "http://gateway", webhooks=True)
    unit.publish(type_, thing, "pi_1")
    unit.save()
    return unit.events[0].id


def pass_time(much: timedelta) -> None:
    database.run(
        "UPDATE deliveries SET due_at = due_at - %s, give_up_at = give_up_at - %s", (much, much)
    )


def state_of(event: str) -> tuple[str, str]:
    [delivery] = deliveries_of(event)
    return delivery["state"], delivery["answer"]
