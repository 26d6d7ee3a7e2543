"""Routes that want to know who is calling.

    @orders.post("/orders")
    @login_required                        # or @role_required(Role.STAFF)
    @orders.arguments(PlaceOrderIn)
    @orders.response(201, OrderOut)
    def place(wanted): ... current_caller() ...

Written above `arguments`, so that a stranger learns nothing about the body. Both say in the OpenAPI
document that the route needs a bearer token (RFC 6750).
"""

from collections.abc import Callable
from copy import deepcopy
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Flask, current_app, g, request

from store.auth.callers import Caller, Role
from store.auth.tokens import InvalidToken, Verifier
from store.server.errors import Forbidden, Unauthenticated

P = ParamSpec("P")
R = TypeVar("R")

SCHEME = "bearer"
_EXTENSION = "store.auth"


def guard(app: Flask, verifier: Verifier) -> None:
    """Let this app's routes know their callers by this verifier."""
    app.extensions[_EXTENSION] = verifier
    for api in app.extensions["flask-smorest"]["apis"].values():
        api["ext_obj"].spec.components.security_scheme(
            SCHEME, {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        )


def login_required(view: Callable[P, R]) -> Callable[P, R]:
    """Only for callers with a good access token; everybody else gets 401."""
    return _guarded(view, Role.CUSTOMER)


def role_required(role: Role) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Only for callers with this role or a higher one: 401 without a token, 403 with a lower role."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        return _guarded(view, role)

    return decorate


def current_caller() -> Caller:
    """Who is calling this route; for routes that carry one of the decorators above."""
    caller: Caller = g.caller
    return caller


def _guarded(view: Callable[P, R], role: Role) -> Callable[P, R]:
    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        caller = current_app.extensions[_EXTENSION].caller_of(_token())
        if not caller.role.covers(role):
            raise Forbidden(f"This is for {role.value} only.")
        g.caller = caller
        return view(*args, **kwargs)

    _document(guarded, forbids=role is not Role.CUSTOMER)
    return guarded


def _token() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if not scheme:
        raise Unauthenticated("Log in and send the access token: Authorization: Bearer ...")
    if scheme.lower() != "bearer" or not token.strip():
        raise InvalidToken(
            "The Authorization header must be: Bearer, a space, and the access token."
        )
    return token.strip()


def _document(view: Any, *, forbids: bool) -> None:
    # flask-smorest's decorators collect what they know in `_apidoc`, from the view outwards.
    docs = deepcopy(getattr(view, "_apidoc", {}))
    manual = docs.setdefault("manual_doc", {})
    manual["security"] = [{SCHEME: []}]
    answers = manual.setdefault("responses", {})
    answers["401"] = "UNAUTHORIZED"
    if forbids:
        answers["403"] = "FORBIDDEN"
    view._apidoc = docs
