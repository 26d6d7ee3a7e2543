"""The public keys that access tokens are verified with.

Whoever signs publishes a new key before it signs with it, and keeps the old one published until the
last token it signed has expired. Then no good token ever meets an unknown key for long.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

logger = logging.getLogger(__name__)


class UnknownKey(ValueError):
    """No key has this id."""


class Keys(Protocol):
    """Where keys come from."""

    def find(self, kid: str) -> ECKey:
        """The key with this id; UnknownKey if there is none, Unavailable if nobody can know."""


class StaticKeys:
    """Keys at hand: a JWKS (RFC 7517), or a function that returns the present one."""

    def __init__(self, jwks: Mapping[str, Any] | Callable[[], Mapping[str, Any]]) -> None:
        self._jwks = jwks

    def find(self, kid: str) -> ECKey:
        jwks = self._jwks() if callable(self._jwks) else self._jwks
        return key_with_id(usable_keys(jwks), kid)


def usable_keys(jwks: Any) -> dict[str, ECKey]:
    """The P-256 keys of a JWKS by id; what else is in it is for others."""
    if not isinstance(jwks, Mapping) or not isinstance(jwks.get("keys"), list):
        raise ValueError("not a JWKS")
    usable = {}
    for data in jwks["keys"]:
        if (
            isinstance(data, dict)
            and data.get("crv") == "P-256"
            and isinstance(data.get("kid"), str)
        ):
            try:
                usable[data["kid"]] = ECKey.import_key(data)
            except (JoseError, ValueError, TypeError) as error:
                logger.warning("unusable key %s: %s", data["kid"], error)
    return usable


def key_with_id(keys: Mapping[str, ECKey], kid: str) -> ECKey:
    try:
        return keys[kid]
    except KeyError:
        raise UnknownKey("no such key") from None
