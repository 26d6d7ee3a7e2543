"""A POST to Stripe's API: its idempotency key, its work, and the headers of a replay."""

import re
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import TypeVar

from flask import Response, g, request

from store.gateway.api.list_schemas import read_expansion
from store.gateway.api.parameters import Parameters, tree_of
from store.gateway.api.wire import form_pairs, new_unit, request_id
from store.gateway.errors import KeyReused, ServerError
from store.gateway.use_cases.idempotency import StoredAnswer, run_once
from store.gateway.use_cases.unit_of_work import UnitOfWork

T = TypeVar("T")
_KEY = re.compile(r"[ -~]{1,255}")


def perform(
    read: Callable[[Parameters], T], work: Callable[[UnitOfWork, T], StoredAnswer]
) -> Response:
    """Answer a POST: read what is asked for, then do it once for its idempotency key."""
    pairs = form_pairs()
    given = Parameters(tree_of(pairs))
    expand = read_expansion(given)
    asked = read(given)
    given.refuse_the_rest()
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        raise KeyReused("Idempotency keys must have 1 to 255 printable ASCII characters.")
    unit = replace(
        new_unit(),
        key=key,
        fingerprint=sha256(repr(sorted(pairs)).encode()).hexdigest(),
        expand=expand,
        misbehaviour=g.misbehaviour,
    )

    def work_then_misbehave(unit: UnitOfWork) -> StoredAnswer:
        answer = work(unit, asked)
        failing = "error_500_after_work" in unit.misbehaviour.kinds
        return StoredAnswer.to(ServerError()) if failing else answer

    answer = run_once(unit, work_then_misbehave)
    response = Response(answer.body, answer.status, content_type="application/json")
    response.headers["Original-Request"] = answer.original or request_id()
    if key is not None:
        response.headers["Idempotency-Key"] = key
    if answer.original is not None:
        response.headers["Idempotent-Replayed"] = "true"
    return response
