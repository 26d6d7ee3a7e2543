"""The public keys of access tokens, as another server publishes them."""

import logging
import time
from threading import Lock

import requests
from joserfc.jwk import ECKey

from store.auth.keys import key_with_id, usable_keys
from store.metrics.dependencies import announce
from store.server.errors import Unavailable
from store.server.outbound.http_client import get_json

FETCH_TIMEOUT_SECONDS = 2.0
MIN_FETCH_INTERVAL_SECONDS = 3.0  # a stranger's invented key ids must not become load on users
MAX_AGE_SECONDS = 300.0  # after which a key that was withdrawn is forgotten

logger = logging.getLogger(__name__)


class RemoteKeys:
    """The keys that another server publishes; fetched when first needed, and kept.

    An unknown id asks for them again, at most every few seconds and once for all who wait. When
    the server does not answer the old keys go on being good, and an unknown id is Unavailable
    (503), not a bad token: it may be that of a key we have not seen yet.
    """

    def __init__(self, jwks_url: str) -> None:
        announce("users", "GET")
        self._url = jwks_url
        self._keys: dict[str, ECKey] = {}
        self._lock = Lock()
        self._asked_at = self._answered_at = float("-inf")

    def find(self, kid: str) -> ECKey:
        """The key with this id; UnknownKey if there is none, Unavailable if nobody can know."""
        if kid in self._keys:
            self._renew_if_old()
        else:
            with self._lock:
                if kid not in self._keys:  # else somebody has fetched it while we waited
                    self._fetch()
        if kid not in self._keys and self._answered_at < self._asked_at:
            raise Unavailable("The keys of access tokens cannot be fetched.", retry_after=2.0)
        return key_with_id(self._keys, kid)

    def _renew_if_old(self) -> None:
        # Nobody waits for this: one caller asks, all others use what is there.
        if time.monotonic() - self._answered_at > MAX_AGE_SECONDS and self._lock.acquire(
            blocking=False
        ):
            try:
                self._fetch()
            finally:
                self._lock.release()

    def _fetch(self) -> None:
        """Replace the keys if the server answers; call it with the lock held."""
        if time.monotonic() - self._asked_at < MIN_FETCH_INTERVAL_SECONDS:
            return
        keys = self._published()
        # Taken at the end: whoever has waited for a slow answer must not ask again at once.
        self._asked_at = time.monotonic()
        if keys:
            self._keys, self._answered_at = keys, self._asked_at

    def _published(self) -> dict[str, ECKey]:
        """The keys at the address; none if it does not answer, or with something else."""
        try:
            return usable_keys(get_json(self._url, FETCH_TIMEOUT_SECONDS, "users"))
        except (requests.RequestException, ValueError) as error:
            logger.warning("keys not fetched from %s: %s", self._url, error)
            return {}
