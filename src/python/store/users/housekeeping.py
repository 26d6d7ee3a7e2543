"""Forgets what has run out and keeps the signing keys young. Any number of replicas may do it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from store.database.cipher import Cipher
from store.server.clock import now
from store.server.process.lifecycle import stopping
from store.server.process.worker import repeat
from store.users.metrics import HOUSEKEEPING_SECONDS, KEY_REMAINING, MAILS_WAITING, OLDEST_MAIL
from store.users.models.mails import Mail
from store.users.models.one_time import OneTimeToken
from store.users.models.sessions import Session
from store.users.models.tables import database
from store.users.models.throttles import Throttle
from store.users.signing_keys import published_keys, retire_old_keys, rotate_if_due, seconds_left

BATCH = 1000

Purge = Callable[[datetime, int], int]

# How long each kind of row is kept after it has become useless.
KEPT: tuple[tuple[Purge, timedelta], ...] = (
    (Session.purge, timedelta(days=1)),
    (OneTimeToken.purge, timedelta(0)),
    (Throttle.purge, timedelta(0)),
    (Mail.purge, timedelta(days=30)),
)


def keep_house(cipher: Cipher) -> None:
    """Tidy up every minute until the process is told to stop."""
    repeat("housekeeping", lambda: _tidy_up(cipher), HOUSEKEEPING_SECONDS)


def _tidy_up(cipher: Cipher) -> bool:
    measure_backlog()  # first, so that whatever fails below does not hide it
    rotate_if_due(cipher)
    measure_signing_key()
    retire_old_keys()
    purge()
    return False  # whatever there was, nothing is left of it


def purge() -> int:
    """Forget what has run out, in short transactions: how many rows that were."""
    return sum(_purge_all(one, now() - kept) for one, kept in KEPT)


def measure_backlog() -> None:
    """Tell the metrics how far the mails are behind."""
    many, age = Mail.backlog()
    MAILS_WAITING.set(many)
    OLDEST_MAIL.see(age)


def measure_signing_key() -> None:
    """Tell the metrics which keys there are: what is left of the one that signs follows from the clock."""
    keys = published_keys()
    KEY_REMAINING.set_function(lambda: seconds_left(keys, now()))


def _purge_all(one: Purge, before: datetime) -> int:
    gone = 0
    while not stopping.is_set():
        with database.reading():
            found = one(before, BATCH)
        gone += found
        if found < BATCH:
            break
    return gone
