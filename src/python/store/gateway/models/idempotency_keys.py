"""Idempotency keys, each with the answer that its first request got."""

from dataclasses import dataclass

from store.gateway.errors import KeyInUse
from store.gateway.models.tables import Batch, database, insert_into
from store.server.clock import now

_CLAIM = "SELECT free, (kept).* FROM claim_key(%s)"
_COLUMNS = ("key", "endpoint", "fingerprint", "request_id", "status", "body")
_INSERT = insert_into("idempotency_keys", (*_COLUMNS, "created_at"))


@dataclass(frozen=True)
class IdempotencyKey:
    """A key, the request that used it first, and the status and body of the answer."""

    key: str
    endpoint: str
    fingerprint: str
    request_id: str
    status: int
    body: bytes

    def insert(self, batch: Batch) -> None:
        batch.add(_INSERT, *(getattr(self, name) for name in _COLUMNS), now())


def claim_key(key: str) -> IdempotencyKey | None:
    """What was answered to a key; if nothing was, None, and it is ours until the transaction ends.

    KeyInUse while another transaction holds it.
    """
    row = database.row(_CLAIM, (key,)) or {}
    if row["status"] is not None:
        found = {name: row[name] for name in _COLUMNS}
        return IdempotencyKey(**found | {"body": bytes(row["body"])})
    if not row["free"]:
        raise KeyInUse(key)
    return None


def delete_old_keys() -> int:
    """Delete what is older than 24 hours; how many there were."""
    return database.run(
        "DELETE FROM idempotency_keys WHERE created_at < now() - interval '24 hours'"
    )
