from typing import Any

import pytest

from store.auth.keys import StaticKeys, UnknownKey
from store.auth.testing import Signer

OLD = Signer("old")


def test_what_is_not_ours_in_a_key_set_is_passed_over() -> None:
    strange: list[Any] = [
        None,
        {"kty": "RSA", "kid": "r"},
        {"kty": "EC", "crv": "P-256", "kid": "broken", "x": "!", "y": "!"},
        {"kty": "EC", "crv": "P-256", "kid": ["list"]},
        {"kty": "EC", "crv": "P-384", "kid": "p"},
    ]
    static = StaticKeys({"keys": [*strange, *OLD.jwks()["keys"]]})
    assert static.find("old").kid == "old"
    for kid in ("r", "broken", "p", "nobody"):
        with pytest.raises(UnknownKey):
            static.find(kid)


def test_a_published_key_is_never_a_private_one() -> None:
    assert "d" not in OLD.jwks()["keys"][0]
