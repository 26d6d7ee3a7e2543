"""Signs access tokens with the key whose turn it is."""

from dataclasses import dataclass

from store.auth.callers import Caller
from store.auth.tokens import sign_token
from store.users.credentials.signing_keys import Keyring


@dataclass(frozen=True)
class Tokens:
    """What a log-in or a refresh gives (RFC 6749, section 5.1); `expires_in` is in seconds."""

    access_token: str
    expires_in: int
    refresh_token: str
    token_type: str = "Bearer"  # noqa: S105 - a scheme, not a secret


class Issuer:
    """Makes tokens that live for `seconds`."""

    def __init__(self, keyring: Keyring, seconds: int) -> None:
        self._keyring = keyring
        self._seconds = seconds

    def tokens(self, caller: Caller, refresh_token: str) -> Tokens:
        access = sign_token(caller, self._keyring.signing(), lives_seconds=self._seconds)
        return Tokens(access, self._seconds, refresh_token)
