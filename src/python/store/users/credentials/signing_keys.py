"""The keys that sign access tokens: published before use, and retired after their last token.

A key is published when it is made, signs from `signs_from` until its successor does, and stays
published until every token it signed has expired. All of it follows from the rows and the clock, so
replicas need not talk to each other.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import orjson
from joserfc.jwk import ECKey

from store.database.cipher import Cipher
from store.server.clock import now
from store.users.metrics import KEYS_MADE
from store.users.models.signing_keys import SigningKey
from store.users.models.tables import database

# Verifiers may cache the list for JWKS_SECONDS: by then all of them know a key before it signs.
JWKS_SECONDS = 300
PUBLISH_AHEAD = timedelta(minutes=10)
# Maintenance comes by once a minute, or later: a key that is made so early signs in time.
MAKE_AHEAD = PUBLISH_AHEAD + timedelta(minutes=5)
# NIST SP 800-57 part 1, section 5.3.6 allows years; a month keeps the procedure practised.
SIGNS_FOR = timedelta(days=30)
# Longer than the longest ACCESS_TOKEN_SECONDS, and some minutes for clocks that disagree.
PUBLISHED_AFTERWARDS = timedelta(minutes=70)

_log = logging.getLogger(__name__)


class Keyring:
    """This process's view of the keys, at most `REREAD` old. Makes the first key when there is none."""

    REREAD = timedelta(seconds=30)

    def __init__(self, cipher: Cipher) -> None:
        self._cipher = cipher
        self._keys: Sequence[SigningKey] = ()
        self._reread_at = now()
        self._opened: dict[str, ECKey] = {}

    def signing(self) -> ECKey:
        """The key that signs at this moment."""
        key = _signing_at(now(), self._current())
        if key.kid not in self._opened:
            private = orjson.loads(self._cipher.open(bytes(key.sealed_private)))
            self._opened = {key.kid: ECKey.import_key({**private, "kid": key.kid})}
        return self._opened[key.kid]

    def public(self) -> dict[str, Any]:
        """The keys with which tokens may be verified, as a JWK Set (RFC 7517)."""
        return {"keys": [key.public_jwk for key in self._current()]}

    def check(self) -> None:
        self.signing()

    def _current(self) -> Sequence[SigningKey]:
        if not self._keys or now() >= self._reread_at:
            keys = published_keys()
            self._keys = keys or (rotate(self._cipher, keys),)
            self._reread_at = now() + self.REREAD
        return self._keys


def published_keys() -> list[SigningKey]:
    """All keys, in the order in which they sign."""
    with database.reading():
        return SigningKey.oldest_first()


def seconds_left(keys: Sequence[SigningKey], moment: datetime) -> float:
    """Until the key that signs then has signed for as long as it should; negative when it is late."""
    signs_until: datetime = _signing_at(moment, keys).signs_from + SIGNS_FOR
    return (signs_until - moment).total_seconds()


def rotate_if_due(cipher: Cipher) -> None:
    """Publish the next key in time before the present one has signed for long enough."""
    keys = published_keys()
    if not keys or keys[-1].signs_from + SIGNS_FOR - MAKE_AHEAD <= now():
        rotate(cipher, keys)


def rotate(cipher: Cipher, known: Sequence[SigningKey]) -> SigningKey:
    """Publish the key that comes after those the caller knows, and say which it is.

    It signs after PUBLISH_AHEAD, the very first one at once. If one waits for its turn, or another
    replica has been faster, that one is the next.
    """
    with database.transaction():
        SigningKey.lock_rotation()
        keys = SigningKey.oldest_first()
        moment = now()
        if keys and (keys[-1].signs_from > moment or keys[-1] not in known):
            return keys[-1]
        signs_from = moment + PUBLISH_AHEAD if keys else moment
        fresh = ECKey.generate_key("P-256", private=True)
        kid = fresh.thumbprint()
        public = {**fresh.as_dict(private=False), "kid": kid, "alg": "ES256", "use": "sig"}
        sealed = cipher.seal(orjson.dumps(fresh.as_dict(private=True)))
        database.on_commit(KEYS_MADE.inc)
        _log.info("made signing key %s, which signs from %s", kid, signs_from)
        return SigningKey.add(public, sealed, moment, signs_from)


def retire_old_keys() -> int:
    """Withdraw the keys whose last token has expired: how many those were."""
    with database.transaction():
        SigningKey.lock_rotation()
        keys = SigningKey.oldest_first()
        limit = now() - PUBLISHED_AFTERWARDS
        old = [key.kid for key, successor in pairwise(keys) if successor.signs_from < limit]
        for kid in old:
            SigningKey.remove(kid)
    return len(old)


def _signing_at(moment: datetime, keys: Sequence[SigningKey]) -> SigningKey:
    in_turn = [key for key in keys if key.signs_from <= moment]
    return in_turn[-1] if in_turn else keys[0]
