"""What admins do with webhook endpoints: where a shop's own programs receive the events of orders."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from store.auth.callers import Caller
from store.database.cipher import Cipher
from store.database.idempotency import IdempotentRequest
from store.orders.models.tables import database
from store.orders.webhooks import register
from store.orders.webhooks.clients import Subscribers
from store.orders.webhooks.errors import TooManyEndpoints
from store.orders.webhooks.redelivery import clear, hurry
from store.orders.webhooks.register import EndpointStatus
from store.orders.webhooks.signatures import new_secret
from store.server.http.etags import StaleVersion
from store.server.http.pages import Page, PageRequest, encode_cursor, page_of
from store.server.ids import new_id

ENDPOINTS_BY_AGE = "webhook-endpoints"
MOST_ENDPOINTS = 50
OVERLAP = timedelta(hours=24)
"""For so long the secret before a rotation signs beside the new one."""

BY_AN_ADMIN = "paused by an admin"
BEING_DELETED = "being deleted"


def endpoints_page(page: PageRequest) -> Page[EndpointStatus]:
    """All endpoints, newest first."""
    rows = register.listed_page(page)
    return page_of(rows, page.limit, lambda last: encode_cursor(ENDPOINTS_BY_AGE, last.id))


def create_endpoint(
    wanted: dict[str, Any],
    admin: Caller,
    begun: IdempotentRequest,
    cipher: Cipher,
    subscribers: Subscribers,
) -> tuple[EndpointStatus, str]:
    """A new endpoint and its secret; BadEndpointUrl, TooManyEndpoints.

    If an earlier try of the same request has made it, it is that one.
    """
    if begun.resource_id is None:
        subscribers.check_url(wanted["url"])
        with database.transaction():
            if register.count_and_hold() >= MOST_ENDPOINTS:
                raise TooManyEndpoints(MOST_ENDPOINTS)
            endpoint_id = new_id()
            register.add(endpoint_id, wanted, _new_sealed(cipher), admin.id)
            begun.record(endpoint_id)
    return _with_secret(begun, cipher)


def rotate_secret(
    endpoint_id: UUID, begun: IdempotentRequest, cipher: Cipher
) -> tuple[EndpointStatus, str]:
    """The endpoint and its new secret; the old one signs, too, for 24 hours. EndpointNotFound.

    If an earlier try of the same request has changed it, it is not changed again.
    """
    if begun.resource_id is None:
        with database.transaction():
            register.rotate(endpoint_id, _new_sealed(cipher), OVERLAP)
            begun.record(endpoint_id)
    return _with_secret(begun, cipher)


def change_endpoint(
    endpoint_id: UUID, version: int, changes: dict[str, Any], subscribers: Subscribers
) -> EndpointStatus:
    """The endpoint with other members; EndpointNotFound, StaleVersion, BadEndpointUrl.

    What waits for it is sent at once when it is to go on, or has moved.
    """
    if "url" in changes:
        subscribers.check_url(changes["url"])
    before = _expected(endpoint_id, version)
    after = _with_reason(before, replace(before, **changes))
    if after.state == "active" and (after.url, after.state) != (before.url, before.state):
        hurry(endpoint_id)  # first: an active endpoint's old deliveries would be given up
    return register.change(after)


def remove_endpoint(endpoint_id: UUID, version: int) -> None:
    """Forget an endpoint, and whatever waits for it; EndpointNotFound, StaleVersion."""
    before = _expected(endpoint_id, version)
    # More may be waiting than one statement has the time to delete. Nothing of it is sent from here
    # on: if we die in between, nobody receives half of it as if that were all.
    register.change(replace(before, state="paused", paused_reason=BEING_DELETED))
    clear(endpoint_id)
    register.remove(endpoint_id)


def _expected(endpoint_id: UUID, version: int) -> EndpointStatus:
    endpoint = register.listed(endpoint_id)
    if endpoint.version != version:
        raise StaleVersion
    return endpoint


def _with_reason(before: EndpointStatus, after: EndpointStatus) -> EndpointStatus:
    if after.state == before.state:
        return after
    return replace(after, paused_reason=BY_AN_ADMIN if after.state == "paused" else None)


def _new_sealed(cipher: Cipher) -> bytes:
    return cipher.seal(new_secret().encode())


def _with_secret(begun: IdempotentRequest, cipher: Cipher) -> tuple[EndpointStatus, str]:
    endpoint_id = UUID(begun.resource_id)
    sealed_secret = register.target(endpoint_id).sealed_secrets[0]
    return register.listed(endpoint_id), cipher.open(sealed_secret).decode()
