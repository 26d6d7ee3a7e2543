"""Trying an endpoint: a message that tells of nothing, so that its owner sees whether it arrives."""

from dataclasses import dataclass
from uuid import UUID

from store.database.vault import Vault
from store.orders.webhooks import register
from store.orders.webhooks.clients import Subscribers
from store.orders.webhooks.event_types import TEST_TYPE
from store.orders.webhooks.messages import message_of
from store.server.clock import now
from store.server.ids import new_id


@dataclass(frozen=True)
class Trial:
    """What the subscriber said."""

    message_id: str
    taken: bool
    answer: str


def try_endpoint(endpoint_id: UUID, vault: Vault, subscribers: Subscribers) -> Trial:
    """Send a test message now, signed like any other; EndpointNotFound.

    It is sent once, also to a paused endpoint, and whatever comes of it changes nothing.
    """
    endpoint = register.target(endpoint_id)
    secrets = [vault.open(sealed).decode() for sealed in endpoint.sealed_secrets]
    message_id = f"test_{new_id().hex}"
    data = {"endpoint_id": endpoint_id}
    message = message_of(message_id, TEST_TYPE, now(), data)
    receipt = subscribers.send(endpoint.url, message, secrets)
    return Trial(message_id, receipt.taken, receipt.answer)
