"""A request's work is done once for its idempotency key.

The work, its events and the stored answer commit in ONE transaction: whatever dies, a repeated key
either finds everything or nothing. Source: docs.stripe.com/api/idempotent_requests.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from store.gateway.errors import GatewayError, KeyReused, ServerError
from store.gateway.models.idempotency_keys import IdempotencyKey, claim_key
from store.gateway.models.tables import database
from store.gateway.use_cases.unit_of_work import UnitOfWork
from store.server.errors import Unavailable

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StoredAnswer:
    """A status and the bytes of a body; `original` is the request that a replay repeats."""

    status: int
    body: bytes
    original: str | None = None

    @classmethod
    def of(cls, thing: dict[str, Any], status: int = 200) -> "StoredAnswer":
        return cls(status, orjson.dumps(thing))

    @classmethod
    def to(cls, error: GatewayError) -> "StoredAnswer":
        """The answer to something that went wrong."""
        return cls.of({"error": error.error}, error.status)


Work = Callable[[UnitOfWork], StoredAnswer]


def run_once(unit: UnitOfWork, work: Work) -> StoredAnswer:
    """Do the work once for its key: a repeated key gets the first answer again.

    KeyInUse while the first is still at it, KeyReused when the request is another one.
    """
    try:
        with database.transaction():
            return _replay(unit) or _first(unit, work)
    except (GatewayError, Unavailable):
        raise
    except Exception:
        _log.exception("%s failed", unit.endpoint)
    # Once execution began, a 500 is the answer to its key, too.
    answer = StoredAnswer.to(ServerError())
    unit.discard()
    with database.transaction():
        if _replay(unit) is None:
            _store(unit, answer)
            unit.batch.save()
    return answer


def _replay(unit: UnitOfWork) -> StoredAnswer | None:
    first = None if unit.key is None else claim_key(unit.key)
    if first is None:
        return None
    if first.endpoint != unit.endpoint or first.fingerprint != unit.fingerprint:
        same = "with the same parameters they were first used with"
        if first.endpoint != unit.endpoint:
            endpoints = f"('{unit.endpoint}' vs '{first.endpoint}')"
            same = f"for the same endpoint they were first used for {endpoints}"
        raise KeyReused(
            f"Keys for idempotent requests can only be used {same}. Try using a key other than "
            f"'{first.key}' if you meant to execute a different request."
        )
    return StoredAnswer(first.status, first.body, first.request_id)


def _first(unit: UnitOfWork, work: Work) -> StoredAnswer:
    try:
        answer = work(unit)
    except GatewayError as error:
        answer = StoredAnswer.to(error)
        unit.discard()
    _store(unit, answer)
    unit.save()
    return answer


def _store(unit: UnitOfWork, answer: StoredAnswer) -> None:
    if unit.key is not None:
        used = (unit.key, unit.endpoint, unit.fingerprint, unit.request_id)
        IdempotencyKey(*used, answer.status, answer.body).insert(unit.batch)
