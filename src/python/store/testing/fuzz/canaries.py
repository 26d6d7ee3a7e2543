"""Puts a secret into every part of a request: where it belongs, and wherever else a text may stand."""

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from schemathesis import Case

from store.testing.fuzz.secret_words import Secret

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
QUERY_FIELDS = ("token", "password", "q", "cursor", "email", "currency", "return_url")


@dataclass(frozen=True)
class CanaryRequest:
    """A request that carries a secret; `known_caller` says whether it comes from somebody.

    `as_a_name`: the secret stands where a SKU, an id or a field's name is expected, which an error may
    quote, as long as it does not look like a secret.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    known_caller: bool = True
    as_a_name: bool = False


def canary_requests(case: Case[Any], secret: Secret) -> Iterator[CanaryRequest]:
    """The requests to this operation that carry the secret, each in another part."""
    yield from _in_the_address(case, secret.text)
    yield from _in_headers(case, secret)
    if isinstance(case.body, dict):
        yield from _in_the_body(case, case.body, secret.text)


def forms_with(secret: Secret) -> Iterator[CanaryRequest]:
    """Forms for the gateway, as a shop would send them that hands cards and keys on by mistake."""
    said = quote(secret.text, safe="")
    fields = (
        f"payment_method_data[type]=card&payment_method_data[card][number]={said}",
        *(f"{name}={said}" for name in ("metadata[note]", "description", "client_secret", "key")),
        *(f"confirm=true&{name}={said}" for name in ("payment_method", "return_url")),
    )
    for more in fields:
        form = f"amount=1250&currency=eur&{more}".encode()
        yield CanaryRequest("POST", "/v1/payment_intents", FORM, form)


def _in_the_address(case: Case[Any], text: str) -> Iterator[CanaryRequest]:
    path, said = case.formatted_path, quote(text, safe="")
    query = "&".join(f"{name}={said}" for name in QUERY_FIELDS)
    yield CanaryRequest(case.method, f"{path}?{query}")
    yield CanaryRequest(case.method, f"{path}?{said}={said}", as_a_name=True)
    yield CanaryRequest(case.method, f"{path}/{said}", as_a_name=True)
    if "{" in case.path:
        parts = (said if "{" in part else part for part in case.path.split("/"))
        yield CanaryRequest(case.method, "/".join(parts), as_a_name=True)


def _in_headers(case: Case[Any], secret: Secret) -> Iterator[CanaryRequest]:
    text = secret.text
    everywhere = {
        "Cookie": f"device={text}; session={text}",
        "User-Agent": text,
        "X-Api-Key": text,
        "Idempotency-Key": text,
        "If-Match": f'"{text}"',
        "If-None-Match": f'"{text}"',
        "Referer": f"http://127.0.0.1/?token={quote(text)}",
        "Stripe-Signature": f"t=1,v1={text}",
        "Stripe-Version": text,
        "tracestate": f"zq={quote(text)}",
        "X-Forwarded-For": text,
    }
    if secret.has_looks:
        everywhere["X-Request-Id"] = text
    body = json.dumps(case.body).encode() if isinstance(case.body, dict) else None
    yield CanaryRequest(case.method, case.formatted_path, {**everywhere, **JSON}, body)
    for scheme in ("Bearer", "Basic"):
        headers = {"Authorization": f"{scheme} {text}"}
        yield CanaryRequest(case.method, case.formatted_path, headers, known_caller=False)


def _in_the_body(case: Case[Any], body: dict[str, Any], text: str) -> Iterator[CanaryRequest]:
    for way, changed in _replaced(body, text):
        yield _posted(case, changed, as_a_name=way[-1] == "sku")
    yield _posted(case, {**body, "password": text})
    yield _posted(case, {**body, text: text}, as_a_name=True)
    broken = f'{{"password": "{text}", "name": "{text}" "oops"'.encode()
    yield CanaryRequest(case.method, case.formatted_path, JSON, broken)
    yield CanaryRequest(case.method, case.formatted_path, FORM, f"password={quote(text)}".encode())


def _posted(case: Case[Any], body: Any, *, as_a_name: bool = False) -> CanaryRequest:
    sent = json.dumps(body).encode()
    return CanaryRequest(case.method, case.formatted_path, JSON, sent, as_a_name=as_a_name)


def _replaced(body: Any, text: str) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Copies of the body, with the secret in one of its texts each; and where that stands."""
    for way in _ways(body):
        changed = copy.deepcopy(body)
        inner = changed
        for step in way[:-1]:
            inner = inner[step]
        inner[way[-1]] = text
        yield way, changed


def _ways(value: Any) -> Iterator[tuple[Any, ...]]:
    """How to reach each text in the value."""
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for name, member in members:
        if isinstance(member, str):
            yield (name,)
        elif isinstance(member, dict | list):
            yield from ((name, *way) for way in _ways(member))
