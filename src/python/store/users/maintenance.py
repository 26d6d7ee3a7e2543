"""Deletes what has expired and rotates the signing keys. Any number of replicas may do it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from store.database.cipher import Cipher
from store.server.clock import now
from store.server.process.lifecycle import stopping
from store.server.process.worker import repeat
from store.users.credentials.signing_keys import (
    published_keys,
    retire_old_keys,
    rotate_if_due,
    seconds_left,
)
from store.users.metrics import KEY_REMAINING, MAILS_WAITING, MAINTENANCE_SECONDS, OLDEST_MAIL
from store.users.models.mails import Mail
from store.users.models.one_time import OneTimeToken
from store.users.models.sessions import Session
from store.users.models.tables import database
from store.users.models.throttles import Throttle

BATCH = 1000

# How long each kind of row is kept after it has become useless.
RETENTION: tuple[tuple[Callable[[datetime, int], int], timedelta], ...] = (
    (Session.purge, timedelta(days=1)),
    (OneTimeToken.purge, timedelta(0)),
    (Throttle.purge, timedelta(0)),
    (Mail.purge, timedelta(days=30)),
)


def run_maintenance(cipher: Cipher) -> None:
    """Do all of it every minute until the process stops."""

    def maintain() -> bool:
        measure_backlog()  # first, so that whatever fails below does not hide it
        rotate_if_due(cipher)
        measure_signing_key()
        retire_old_keys()
        purge()
        return False  # whatever there was, nothing is left of it

    repeat("housekeeping", maintain, MAINTENANCE_SECONDS)


def purge() -> int:
    """Delete what has expired, in short transactions: how many rows those were."""
    deleted = 0
    for delete, retention in RETENTION:
        before, batch = now() - retention, BATCH
        while batch == BATCH and not stopping.is_set():
            with database.reading():
                batch = delete(before, BATCH)
            deleted += batch
    return deleted


def measure_backlog() -> None:
    many, age = Mail.backlog()
    MAILS_WAITING.set(many)
    OLDEST_MAIL.see(age)


def measure_signing_key() -> None:
    """Set the metric of the signing keys: what is left of the one that signs follows from the clock."""
    keys = published_keys()
    KEY_REMAINING.set_function(lambda: seconds_left(keys, now()))
