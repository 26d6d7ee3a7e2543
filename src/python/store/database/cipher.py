"""Encryption of secrets at rest: what lies in the database is worthless without KEY_ENCRYPTION_SECRET."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from store.server.environ import Environ
from store.server.errors import Unavailable

LEAST_SECRET_LENGTH = 32


class Unreadable(Unavailable):
    """Sealed with a secret that is not among ours: somebody has to mend the environment."""

    code = "sealed"

    def __init__(self) -> None:
        super().__init__("Something is sealed with a secret that is not in KEY_ENCRYPTION_SECRET.")


class Cipher:
    """Seals with the first secret, opens with any: rotate by putting a new one in front."""

    def __init__(self, encryption_secrets: Sequence[str]) -> None:
        self._fernet = MultiFernet([_fernet(secret) for secret in encryption_secrets])
        self._pepper = _derived(encryption_secrets[0], b"fingerprints")

    def seal(self, plain: bytes) -> bytes:
        """The encrypted form."""
        return self._fernet.encrypt(plain)

    def open(self, sealed: bytes) -> bytes:
        """What was sealed; Unreadable if that was with a secret we do not have."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            raise Unreadable from None

    def fingerprint(self, *parts: str) -> bytes:
        """32 bytes that stand for these texts, and cannot be turned back or guessed from a dump."""
        return hmac.digest(self._pepper, "\0".join(parts).encode(), "sha256")


def encryption_secrets(env: Environ) -> tuple[str, ...]:
    """KEY_ENCRYPTION_SECRET: a list, 32 characters or more each; the first seals, all open."""
    found = env.texts("KEY_ENCRYPTION_SECRET")
    if any(len(secret) < LEAST_SECRET_LENGTH for secret in found):
        env.reject("KEY_ENCRYPTION_SECRET", f"must have {LEAST_SECRET_LENGTH} characters or more")
    return found


def new_token() -> str:
    """An opaque token of 256 random bits."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What is kept of a token. It is random, so a plain SHA-256 cannot be guessed back."""
    return hashlib.sha256(token.encode()).digest()


def seal_for_holder(token: str, secret: str) -> bytes:
    """Encrypt so that only somebody who shows the token can read it."""
    return _fernet(token).encrypt(secret.encode())


def open_as_holder(token: str, sealed: bytes) -> str:
    """What `seal_for_holder` sealed with this token."""
    return _fernet(token).decrypt(sealed).decode()


def _fernet(secret: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_derived(secret, b"sealing")))


def _derived(secret: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret.encode())
