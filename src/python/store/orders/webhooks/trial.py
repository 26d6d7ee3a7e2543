"""Trying an endpoint: a message without an event, so that its owner sees whether it arrives."""

import time
from dataclasses import dataclass
from uuid import UUID

from store.database.cipher import Cipher
from store.orders.webhooks import register, trial_queue
from store.orders.webhooks.clients import DEADLINE_SECONDS
from store.orders.webhooks.errors import EndpointNotFound, NoWorker
from store.orders.webhooks.trial_queue import CLAIM_SECONDS
from store.server.ids import new_id

POLL_SECONDS = 0.1
ANSWER_SECONDS = DEADLINE_SECONDS + 5.0
"""So long after its claim a worker has sent the message and written the answer, unless it has died."""

UNKNOWN = "unknown"
"""The answer of a message that was perhaps sent: its worker has died."""


@dataclass(frozen=True)
class Trial:
    """What the subscriber said."""

    message_id: str
    taken: bool
    answer: str


def try_endpoint(endpoint_id: UUID, cipher: Cipher) -> Trial:
    """Have a worker send a test message now, signed like any other, and wait for what comes of it.

    It is sent once, also to a paused endpoint, and whatever comes of it changes nothing.
    EndpointNotFound; NoWorker if none takes it up within 5 s, and then it is not sent; Sealed if the
    endpoint's secrets cannot be opened.
    """
    for sealed in register.target(endpoint_id).sealed_secrets:
        cipher.open(sealed)
    trial_id = new_id()
    if not trial_queue.request(trial_id, endpoint_id):
        raise EndpointNotFound
    try:
        taken, answer = _answer(trial_id)
    finally:
        trial_queue.remove(trial_id)
    return Trial(message_id(trial_id), taken, answer)


def message_id(trial_id: UUID) -> str:
    """The header webhook-id of a test message."""
    return f"test_{trial_id.hex}"


def _answer(trial_id: UUID) -> tuple[bool, str]:
    gives_up = time.monotonic() + CLAIM_SECONDS
    claimed = False
    while found := trial_queue.state(trial_id):
        if found.taken is not None and found.answer is not None:
            return found.taken, found.answer
        if found.claimed and not claimed:
            claimed, gives_up = True, time.monotonic() + ANSWER_SECONDS
        if time.monotonic() > gives_up:
            if claimed:
                return False, UNKNOWN
            if trial_queue.withdraw(trial_id):
                raise NoWorker
        time.sleep(POLL_SECONDS)
    raise EndpointNotFound
