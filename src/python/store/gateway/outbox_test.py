"""Deliveries: one at a time, taken over when their sender is lost, given up in the end."""

from datetime import timedelta

import peewee
import pytest

from store.gateway import outbox
from store.gateway.faults import NO_MISCHIEF
from store.gateway.models import Batch, database
from store.gateway.outbox import Told
from store.server.telemetry import context

pytestmark = pytest.mark.usefixtures("fresh_database")


@pytest.fixture
def event() -> str:
    batch = Batch()
    told = Told.of("payment_intent.created", {"id": "pi_1"}, "pi_1", "req_1", None)
    outbox.write_events(batch, [told], NO_MISCHIEF)
    batch.save()
    return told.id


def test_a_claimed_delivery_is_nobody_elses(event: str) -> None:
    [claimed] = outbox.claim_due(10)
    assert (claimed.event, claimed.topic, claimed.attempts) == (event, "pi_1", 1)
    assert outbox.claim_due(10) == []


def test_a_lost_senders_delivery_is_taken_over(event: str) -> None:
    outbox.claim_due(10)
    pass_time(timedelta(seconds=61))
    [claimed] = outbox.claim_due(10)
    assert (claimed.event, claimed.attempts) == (event, 2)


def test_patience_ends_after_three_days(event: str) -> None:
    outbox.note_failed(outbox.claim_due(10)[0], "503")
    assert state_of(event) == ("pending", "503")
    pass_time(timedelta(days=3))
    outbox.note_failed(outbox.claim_due(10)[0], "ConnectTimeout")
    assert state_of(event) == ("given_up", "ConnectTimeout")
    pass_time(timedelta(days=3))
    assert outbox.claim_due(10) == []


def test_what_nobody_listens_to_is_kept_and_not_sent() -> None:
    batch = Batch()
    told = Told.of("charge.refunded", {"id": "ch_1"}, "pi_1", "req_1", None)
    outbox.write_events(batch, [told], NO_MISCHIEF)
    batch.save()
    assert outbox.deliveries_of(told.id) == []
    assert outbox.retrieve(told.id) is not None


def test_a_delivery_keeps_the_trace_of_the_call_it_tells_of() -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    batch = Batch()
    with context.resumed(trace):
        told = Told.of("payment_intent.succeeded", {"id": "pi_1"}, "pi_1", "req_1", None)
        outbox.write_events(batch, [told], NO_MISCHIEF)
    batch.save()
    [claimed] = outbox.claim_due(10)
    assert (claimed.event, claimed.traceparent) == (told.id, trace)
    with pytest.raises(peewee.IntegrityError):
        database.run("UPDATE deliveries SET traceparent = 'Bearer of nonsense'")


def pass_time(much: timedelta) -> None:
    database.run(
        "UPDATE deliveries SET due_at = due_at - %s, give_up_at = give_up_at - %s", (much, much)
    )


def state_of(event: str) -> tuple[str, str]:
    [delivery] = outbox.deliveries_of(event)
    return delivery["state"], delivery["answer"]
