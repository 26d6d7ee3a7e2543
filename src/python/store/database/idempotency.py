"""Idempotency-Keys as Stripe documents them (https://docs.stripe.com/api/idempotent_requests).

A client that got no answer sends the same request with the same key again, and gets the answer of
the first. Keys belong to an owner (a user, an account) and are kept for at least 24 hours.

- The same key and parameters: the first answer again, whether it was a success or not.
- The same key with other parameters: KeyReused.
- The same key while the first request is still at work: KeyInFlight.
- A request that was refused before anything was done (failed validation) leaves the key unused.

The way of a request:

    keys = IdempotencyKeys(database)

    begun = keys.begin(owner=str(buyer.id), key=key, fingerprint=fingerprint(method, path, body))
    if isinstance(begun, Replay):
        return begun.status, begun.headers, begun.body
    with begun:                                        # an error that leaves the block gives up
        if begun.resource_id is None:
            with database.transaction():
                order = Order.create(...)
                begun.record(str(order.id))            # in the transaction that does the work
        else:
            order = Order.get_by_id(begun.resource_id) # an earlier attempt died after its commit
        answer = drive_to_its_end(order)
        begun.finish(201, {"Location": ...}, body)

One row per key, and one column decides: `status` is empty until the answer is known. Whoever works on
it holds a lease (`locked_until`). If he dies, the lease runs out and a retry takes the row over, with
the `resource_id` if the work was committed. Should the first one be slow, not dead, his `record` and
`finish` find the row in other hands and raise KeyInFlight, which undoes his transaction: the work is
done once.
"""

import contextlib
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from store.database.database import Database
from store.database.model import jsonb
from store.database.purge import purge_sql
from store.server.errors import BadRequest, Conflict, Unavailable, Unprocessable

LONGEST_KEY = 255
LEASE_SECONDS = 60.0
PURGE_BATCH = 1000

CREATE_TABLE = f"""
CREATE TABLE idempotency_keys (
    owner        text        NOT NULL,
    key          text        NOT NULL CHECK (length(key) BETWEEN 1 AND {LONGEST_KEY}),
    fingerprint  text        NOT NULL,
    attempt      uuid        NOT NULL,
    locked_until timestamptz NOT NULL,
    resource_id  text,
    status       smallint    CHECK (status BETWEEN 100 AND 599),
    headers      jsonb,
    body         bytea,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, key),
    CHECK ((status IS NULL) = (headers IS NULL) AND (status IS NULL) = (body IS NULL))
);
CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at);
"""

_BEGIN = """
INSERT INTO idempotency_keys AS k (owner, key, fingerprint, attempt, locked_until)
VALUES (%(owner)s, %(key)s, %(fingerprint)s, %(attempt)s, now() + make_interval(secs => %(lease)s))
ON CONFLICT (owner, key) DO UPDATE SET attempt = excluded.attempt, locked_until = excluded.locked_until
WHERE k.status IS NULL AND k.locked_until <= now() AND k.fingerprint = excluded.fingerprint
RETURNING resource_id
"""
_FIND = "SELECT * FROM idempotency_keys WHERE owner = %(owner)s AND key = %(key)s"
_MINE = "WHERE owner = %(owner)s AND key = %(key)s AND attempt = %(attempt)s AND status IS NULL"
_RECORD = f"UPDATE idempotency_keys SET resource_id = %(resource_id)s {_MINE}"
_FINISH = f"UPDATE idempotency_keys SET status = %(status)s, headers = %(headers)s, body = %(body)s {_MINE}"
_FORGET = f"DELETE FROM idempotency_keys {_MINE} AND resource_id IS NULL"
_LET_GO = f"UPDATE idempotency_keys SET locked_until = now() {_MINE}"
_PURGE = purge_sql(
    "idempotency_keys",
    "owner, key",
    "created_at < %s AND (status IS NOT NULL OR locked_until < now()) ORDER BY created_at",
)


class BadKey(BadRequest):
    """The key is empty, too long or not printable ASCII."""

    code = "idempotency_key_invalid"


class KeyInFlight(Conflict):
    """Another request with this key is at work."""

    code = "idempotency_key_in_flight"


class KeyReused(Unprocessable):
    """This key was used for a request with other parameters."""

    code = "idempotency_key_reused"


@dataclass(frozen=True)
class Replay:
    """The answer that the first request with this key got."""

    status: int
    headers: dict[str, str]
    body: bytes
    resource_id: str | None


class IdempotentRequest:
    """The right to do the work of one key, until it is finished, given up, or the lease runs out.

    `resource_id` is what an earlier attempt has made before it died; None means: nothing yet.
    As a context manager it gives up when an error leaves the block.
    """

    def __init__(self, database: Database, mine: dict[str, Any], resource_id: str | None) -> None:
        self._database = database
        self._mine = mine
        self.resource_id = resource_id

    def record(self, resource_id: str | UUID) -> None:
        """Note what has been made; call it in the transaction that makes it."""
        self._change(_RECORD, resource_id=str(resource_id))
        self.resource_id = str(resource_id)

    def finish(self, status: int, headers: dict[str, str], body: bytes) -> None:
        """Keep the answer for every later request with this key."""
        self._change(_FINISH, status=status, headers=jsonb(headers), body=body)

    def give_up(self) -> None:
        """Let a retry begin at once: anew if nothing was made, else with the `resource_id`."""
        if not self._database.run(_FORGET, self._mine):
            self._database.run(_LET_GO, self._mine)

    def __enter__(self) -> "IdempotentRequest":
        return self

    def __exit__(self, kind: object, *_exc: object) -> None:
        if kind is not None:
            # If the database is gone, too, the lease runs out by itself.
            with contextlib.suppress(Unavailable):
                self.give_up()

    def _change(self, sql: str, **values: object) -> None:
        if self._database.run(sql, {**self._mine, **values}) != 1:
            raise KeyInFlight("This request took too long: a retry of it is at work.")


class IdempotencyKeys:
    """The keys of one service; its database has the table `CREATE_TABLE` makes."""

    def __init__(self, database: Database, lease_seconds: float = LEASE_SECONDS) -> None:
        self._database = database
        self._lease_seconds = lease_seconds

    def begin(self, owner: str, key: str, fingerprint: str) -> IdempotentRequest | Replay:
        """The right to do the work, or the answer it had; BadKey, KeyReused, KeyInFlight.

        Call it outside a transaction: others must see at once that the key is taken.
        """
        _refuse_a_bad_key(key)
        if self._database.in_transaction():
            raise RuntimeError(
                "An idempotency key begins before the transaction that does the work."
            )
        mine = {"owner": owner, "key": key, "attempt": uuid4()}
        values = {**mine, "fingerprint": fingerprint, "lease": self._lease_seconds}
        if (taken := self._database.row(_BEGIN, values)) is not None:
            return IdempotentRequest(self._database, mine, taken["resource_id"])
        return _answer_of(self._database.row(_FIND, mine), fingerprint)

    def purge(self, older_than: datetime) -> int:
        """Forget the keys begun before a moment, in small batches; how many there were."""
        total = 0
        while gone := self._database.run(_PURGE, (older_than, PURGE_BATCH)):
            total += gone
        return total


def fingerprint(*parts: str | bytes) -> str:
    """A digest of what makes two requests the same, such as method, path and body."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def _refuse_a_bad_key(key: str) -> None:
    if not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise BadKey(f"An Idempotency-Key has 1 to {LONGEST_KEY} printable ASCII characters.")


def _answer_of(row: dict[str, Any] | None, fingerprint: str) -> Replay:
    if row is not None and row["fingerprint"] != fingerprint:
        raise KeyReused("This Idempotency-Key was used with other parameters; use a new one.")
    # No row: the other request has just given up, so that the caller's next try will find the key free.
    if row is None or row["status"] is None:
        raise KeyInFlight("A request with this Idempotency-Key is still at work; try again soon.")
    return Replay(row["status"], row["headers"], bytes(row["body"]), row["resource_id"])
