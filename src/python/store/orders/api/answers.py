"""How orders answers over HTTP: an order by its progress, and a repeated request once."""

from collections.abc import Callable
from typing import cast
from uuid import UUID

import orjson
from flask import Response, current_app, request, url_for
from marshmallow import Schema, missing

from store.auth.http import current_caller
from store.database.cipher import Cipher
from store.database.idempotency import IdempotencyKeys, IdempotentRequest, Replay, fingerprint
from store.orders.api.dependencies import EXTENSION, Dependencies
from store.orders.api.schemas import OrderOut
from store.orders.models.order import Order
from store.orders.models.tables import database
from store.orders.saga.engine import is_settled
from store.server.http.parser import body_of

KEY_LEASE_SECONDS = 25.0
"""Longer than a request with a key takes. A retry waits so long after a crash, so not much longer."""

REPLAYED = {"Idempotency-Replayed": "true"}
_KEPT_HEADERS = ("Content-Type", "Location", "ETag")
_keys = IdempotencyKeys(database, KEY_LEASE_SECONDS)
_order_out = OrderOut()


def dependencies() -> Dependencies:
    """What this application was made with."""
    return cast(Dependencies, current_app.extensions[EXTENSION])


def answer_once(
    key: str, work: Callable[[IdempotentRequest], Response], cipher: Cipher | None = None
) -> Response:
    """The answer to a request with an Idempotency-Key: made by `work` at the first time, kept after.

    An error that leaves `work` is not kept, so the request may be sent again with the same key. An
    answer that holds a secret lies sealed in the database: name the cipher.
    """
    begun = _keys.begin(str(current_caller().id), key, _fingerprint())
    if isinstance(begun, Replay):
        body = cipher.open(begun.body) if cipher else begun.body
        return Response(body, begun.status, {**begun.headers, **REPLAYED})
    with begun:
        answer = work(begun)
        kept = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
        body = cipher.seal(answer.get_data()) if cipher else answer.get_data()
        begun.finish(answer.status_code, kept, body)
    return answer


def shown(schema: Schema, thing: object, status: int = 200) -> Response:
    """A thing as JSON."""
    return Response(orjson.dumps(schema.dump(thing)), status, mimetype="application/json")


def shown_order(order: Order, settled: int) -> Response:
    """The order with its address: `settled` when nothing is left to do but for its buyer, else 202."""
    answer = shown(_order_out, order, settled if is_settled(order) else 202)
    answer.headers["Location"] = address_of(order.id)
    return answer


def address_of(order_id: UUID) -> str:
    """Where an order is."""
    return url_for("orders.show", order_id=order_id)


def _fingerprint() -> str:
    # Of what the body says, not of its bytes: blanks and the order of members do not matter.
    found = body_of(request)
    body = b"" if found is missing else orjson.dumps(found, option=orjson.OPT_SORT_KEYS)
    return fingerprint(request.method, request.path, body)
