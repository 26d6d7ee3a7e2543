"""One API call at work: what it writes, what it tells, and the answer that is kept under its key.

The work, its events and the stored answer commit in ONE transaction: whatever dies, a repeated key
either finds everything or nothing. Source: docs.stripe.com/api/idempotent_requests.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from store.gateway.errors import GatewayError, KeyInUse, KeyReused, ServerError
from store.gateway.faults import NO_MISCHIEF, Mischief
from store.gateway.models import Batch, database
from store.gateway.outbox import Told, write_events
from store.server.clock import now
from store.server.errors import Unavailable

_log = logging.getLogger(__name__)
_CLAIM = "SELECT free, (kept).* FROM claim_key(%s)"
_KEEP = (
    "INSERT INTO idempotency_keys"
    " (key, endpoint, fingerprint, request_id, status, body, created_at)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s)"
)


@dataclass(frozen=True)
class Answer:
    """A status and the bytes of a body; `original` is the request that a replay repeats."""

    status: int
    body: bytes
    original: str | None = None

    @classmethod
    def of(cls, thing: dict[str, Any], status: int = 200) -> "Answer":
        """The answer with an object."""
        return cls(status, orjson.dumps(thing))

    @classmethod
    def to(cls, error: GatewayError) -> "Answer":
        """The answer to something that went wrong."""
        return cls.of({"error": error.error}, error.status)


@dataclass
class Call:
    """Who asks for what, and what comes of it."""

    request_id: str
    endpoint: str
    public_url: str
    webhooks: bool
    key: str | None = None
    fingerprint: str = ""
    expand: frozenset[str] = frozenset()
    mischief: Mischief = NO_MISCHIEF
    batch: Batch = field(default_factory=Batch)
    told: list[Told] = field(default_factory=list)

    def tell(self, kind: str, thing: dict[str, Any], payment_intent: str) -> None:
        """Remember an event with the thing as it is now."""
        self.told.append(Told.of(kind, thing, payment_intent, self.request_id, self.key))

    def forget(self) -> None:
        """Drop what was to be written and told."""
        self.batch, self.told = Batch(), []

    def save(self) -> None:
        """Write rows and events, in one round trip."""
        write_events(self.batch, self.told, self.mischief if self.webhooks else None)
        self.batch.save()


Work = Callable[[Call], Answer]


def run(call: Call, work: Work) -> Answer:
    """Do the work once for its key: a repeated key gets the first answer again.

    KeyInUse while the first is still at it, KeyReused when the request is another one.
    """
    try:
        with database.transaction():
            return _replay(call) or _first(call, work)
    except (GatewayError, Unavailable):
        raise
    except Exception:
        _log.exception("%s failed", call.endpoint)
        return _keep_failure(call)


def _replay(call: Call) -> Answer | None:
    if call.key is None:
        return None
    known = database.row(_CLAIM, (call.key,)) or {}
    if known["status"] is None:
        if not known["free"]:
            raise KeyInUse(call.key)
        return None
    if known["endpoint"] != call.endpoint or known["fingerprint"] != call.fingerprint:
        raise _reused(call.key, known["endpoint"], call.endpoint)
    return Answer(known["status"], bytes(known["body"]), known["request_id"])


def _first(call: Call, work: Work) -> Answer:
    try:
        answer = work(call)
    except GatewayError as error:
        answer = Answer.to(error)
        call.forget()
    _keep(call, answer)
    call.save()
    return answer


def _keep(call: Call, answer: Answer) -> None:
    if call.key is not None:
        kept = (call.key, call.endpoint, call.fingerprint, call.request_id)
        call.batch.add(_KEEP, *kept, answer.status, answer.body, now())


def _keep_failure(call: Call) -> Answer:
    """Once execution began, a 500 is the answer to its key, too."""
    answer = Answer.to(ServerError())
    call.forget()
    with database.transaction():
        if _replay(call) is None:
            _keep(call, answer)
            call.batch.save()
    return answer


def _reused(key: str, first: str, now_asked: str) -> KeyReused:
    what = "with the same parameters they were first used with"
    if first != now_asked:
        what = f"for the same endpoint they were first used for ('{now_asked}' vs '{first}')"
    return KeyReused(
        f"Keys for idempotent requests can only be used {what}. Try using a key other than "
        f"'{key}' if you meant to execute a different request."
    )


def forget_old_keys() -> int:
    """Delete what is older than 24 hours; how many there were."""
    return database.run(
        "DELETE FROM idempotency_keys WHERE created_at < now() - interval '24 hours'"
    )
