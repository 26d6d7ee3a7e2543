"""How the catalogue answers: shoppers by fingerprint, staff by version."""

from hashlib import blake2b
from typing import Any

import orjson
from flask import Response, request

from store.auth.callers import Role
from store.auth.http import role_required
from store.server.errors import Forbidden
from store.server.http.etags import etag

FRESH_SECONDS = 5
"""How old a shopper's answer may be; the price and the stock are checked again at every order."""


def staff_asks() -> bool:
    """Whether a member of staff is calling a public route. A token that is no good is refused."""
    if "Authorization" not in request.headers:
        return False
    try:
        _for_staff()
    except Forbidden:
        return False
    return True


def to_shopper(body: Any) -> Response:
    """An answer that may be kept for some seconds, and costs nothing when it is still the same.

    Its ETag is made of its bytes: prices and levels change without anybody changing the product.
    """
    data = orjson.dumps(body)
    response = Response(data, mimetype="application/json")
    response.set_etag(blake2b(data, digest_size=12).hexdigest())
    response.headers["Cache-Control"] = f"public, max-age={FRESH_SECONDS}"
    response.vary.add("Authorization")
    response.make_conditional(request)
    return response


def to_staff(body: Any, version: int | None = None, *, created_at: str | None = None) -> Response:
    """An answer that nobody keeps; its ETag is the version that If-Match wants."""
    status = 201 if created_at else 200
    response = Response(orjson.dumps(body), status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    if version is not None:
        response.headers["ETag"] = etag(version)
    if created_at:
        response.headers["Location"] = created_at
    return response


@role_required(Role.STAFF)
def _for_staff() -> None:
    """Let only staff pass."""
