"""Password hashes: Argon2id, computed beside the event loop."""

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from store.server.process.thread_offload import offload_to_thread

# OWASP, Password Storage Cheat Sheet: at least 19 MiB of memory, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

# The hash of random bytes that nobody knows. Checking against it costs what checking against a
# customer's hash costs.
_NOBODYS_HASH = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdC4uIQ$SiRj+aAqGJNkeVtXgng1noe268eVx95JDQQoB8LkItU"


def hash_password(password: str) -> str:
    """A hash that says how it was made. Takes some 20 ms of one processor."""
    return offload_to_thread(lambda: _hasher.hash(password))


def is_password(password: str, password_hash: str | None) -> bool:
    """Whether this is the password; for nobody's hash (None) False, after just as much work."""

    def matches() -> bool:
        try:
            return _hasher.verify(password_hash or _NOBODYS_HASH, password)
        except VerifyMismatchError:
            return False

    return offload_to_thread(matches) and password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """True if it was made with other parameters than we use today."""
    return _hasher.check_needs_rehash(password_hash)
