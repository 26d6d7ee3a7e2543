"""The exact moments at which a call can be met on its way: before it is passed on, and after."""

import re

INVENTORY = "/store.inventory.v1.Inventory/"
_RPCS = {"Reserve": "reserve", "Commit": "commit", "Release": "release"}
_GATEWAY = (
    (re.compile(r"POST /v1/payment_intents"), "authorise"),
    (re.compile(r"GET /v1/(payment_intents|refunds)(/\w+)?"), "look"),
    (re.compile(r"POST /v1/payment_intents/\w+/capture"), "capture"),
    (re.compile(r"POST /v1/payment_intents/\w+/cancel"), "void"),
    (re.compile(r"POST /v1/refunds"), "refund"),
)
CALLS = (*_RPCS.values(), *(call for _, call in _GATEWAY), "answer")

POINTS: tuple[str, ...] = tuple(f"{call}.{side}" for call in CALLS for side in ("before", "after"))
"""At `X.before` a call has not been passed on; at `X.after` the other side has answered it and the
caller has not heard it. `answer` is the placing of an order, between the buyer and the API."""


def gateway_call(method: str, path: str) -> str | None:
    """The call of orders to the payment gateway that this request is, if it has points."""
    asked = f"{method} {path.partition('?')[0]}"
    return next((call for pattern, call in _GATEWAY if pattern.fullmatch(asked)), None)


def front_call(method: str, path: str) -> str | None:
    """`answer` if this request places an order."""
    return "answer" if (method, path.partition("?")[0]) == ("POST", "/v1/orders") else None


def inventory_call(method: str) -> str | None:
    """The call to inventory that this gRPC method is, if it has points."""
    return _RPCS.get(method.removeprefix(INVENTORY)) if method.startswith(INVENTORY) else None
