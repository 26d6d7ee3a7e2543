from collections.abc import Iterator

import pytest

from store.server import errors
from store.server.errors import Invalid, NotFound, StoreError, TooManyRequests, Unavailable


def tree(kind: type[StoreError] = StoreError) -> Iterator[type[StoreError]]:
    yield kind
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from tree(child)


@pytest.mark.parametrize("kind", [kind for kind in tree() if kind is not Invalid])
def test_every_kind_says_what_it_is(kind: type[StoreError]) -> None:
    error = kind("Only 1 of MUG left.", sku="MUG", left=1)
    assert str(error) == error.detail == "Only 1 of MUG left."
    assert error.facts == {"sku": "MUG", "left": 1}
    assert 400 <= error.status < 600
    assert error.code.replace("_", "").isalpha()
    assert error.title


def test_kinds_have_codes_of_their_own() -> None:
    codes = [kind.code for kind in tree() if kind is not Invalid]
    assert len(codes) == len(set(codes))


def test_a_wrong_field_is_named() -> None:
    error = Invalid("lines.0.sku", "Unknown SKU.")
    assert (error.status, error.code) == (422, "invalid")
    assert error.facts == {"errors": [{"field": "lines.0.sku", "reason": "Unknown SKU."}]}


def test_when_to_come_back_is_not_a_fact() -> None:
    assert TooManyRequests("Slow down.", retry_after=30, account="a").retry_after == 30
    assert Unavailable("Down.", retry_after=0.5).facts == {}


def test_a_service_names_its_own_errors() -> None:
    class UnknownSku(NotFound):
        code = "unknown_sku"

    assert (UnknownSku("No such SKU.").status, UnknownSku.code) == (404, "unknown_sku")
