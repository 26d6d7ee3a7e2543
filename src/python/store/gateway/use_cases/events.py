"""Events: shown to whoever asks, and delivered to the webhook."""

import logging
from collections.abc import Sequence
from concurrent.futures import Executor
from itertools import groupby

import orjson

from store.gateway.clients.webhooks import WebhookEndpoint
from store.gateway.errors import NoSuchThing
from store.gateway.models.deliveries import EventDelivery, claim_due, note_delivered, note_failed
from store.gateway.models.events import find_event
from store.gateway.models.lists import ListQuery, list_events
from store.gateway.use_cases.objects import Object, list_object
from store.server.telemetry import context, traces

_MAX_BATCH = 64
_log = logging.getLogger(__name__)


def retrieve(event_id: str) -> orjson.Fragment:
    body = find_event(event_id)
    if body is None:
        raise NoSuchThing("event", event_id, "id")
    return orjson.Fragment(body)


def page(query: ListQuery) -> Object:
    return list_object([orjson.Fragment(body) for body in list_events(query)], query, "/v1/events")


def deliver_due(endpoint: WebhookEndpoint, senders: Executor) -> bool:
    """Send what is due, side by side, but the events of one payment in their order; False if nothing is."""
    due = claim_due(_MAX_BATCH)
    ordered = sorted(due, key=lambda delivery: delivery.topic)
    groups = [list(group) for _, group in groupby(ordered, key=lambda delivery: delivery.topic)]
    sent = senders.map(lambda group: _send(endpoint, group), groups)
    # Noted together: a commit for each would cost the payments more than it is worth.
    note_delivered({id_: answer for accepted in sent for id_, answer in accepted.items()})
    return bool(due)


def _send(endpoint: WebhookEndpoint, group: Sequence[EventDelivery]) -> dict[int, str]:
    """Send one payment's events: the answers to those that were accepted, by the delivery's id."""
    accepted = {}
    for delivery in group:
        # In the trace of the request that the event comes from.
        trace = delivery.traceparent or ""
        with context.resumed(trace), traces.span("event", traceparent=trace):
            response = endpoint.send(delivery.body)
            traces.note(**{"delivery.attempt": delivery.attempts})
        if response.accepted:
            accepted[delivery.id] = response.answer
        else:
            note_failed(delivery, response.answer)
            _log.warning("event %s was not accepted: %s", delivery.event, response.answer)
    return accepted
