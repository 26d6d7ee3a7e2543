"""The pool among greenlets: in a process of its own, since patching cannot be undone."""

import os
import subprocess
import sys

from store.database.config import DatabaseConfig

GREENLETS = """
from store.server.process.gevent_patch import patch_gevent

patch_gevent()

import os
import time

import gevent

from store.database.config import DatabaseConfig
from store.database.database import Database
from store.database.errors import DatabaseDown, PoolExhausted

config = DatabaseConfig(os.environ["DATABASE_URL"], pool_size=3, pool_wait_seconds=0.5)
database = Database()
database.open(config)
other = Database()
other.open(config)


def sleep(seconds):
    try:
        with database.transaction():
            database.rows("SELECT pg_sleep(%s)", (seconds,))
    except Exception as error:
        return type(error).__name__
    return "slept"


def kill():
    other.rows(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


def all_of(greenlets):
    return sorted(gevent.joinall(greenlets, timeout=20, raise_error=True) and [g.value for g in greenlets])


begun = time.monotonic()
assert all_of([gevent.spawn(sleep, 0.2) for _ in range(3)]) == ["slept"] * 3
assert time.monotonic() - begun < 0.5, "one waits for the other"

outcome = all_of([gevent.spawn(sleep, 1.0) for _ in range(5)])
assert outcome == ["PoolExhausted"] * 2 + ["slept"] * 3, outcome

assert all_of([gevent.spawn(sleep, 0.01) for _ in range(30)]) == ["slept"] * 30

kill()
assert sleep(0) == "slept", "a stale connection is replaced"
kill()
assert database.rows("SELECT 1 AS one") == [{"one": 1}]

sleeper = gevent.spawn(sleep, 10)
gevent.sleep(0.1)
kill()
assert sleeper.get(timeout=5) == "DatabaseDown"

sleeper = gevent.spawn(sleep, 10)
gevent.sleep(0.1)
sleeper.kill(timeout=5)
begun = time.monotonic()
assert all_of([gevent.spawn(sleep, 0) for _ in range(10)]) == ["slept"] * 10, "its place is free again"
database.shut()
print("all well")
"""


def test_greenlets_share_the_pool_and_do_not_wait_for_each_other(config: DatabaseConfig) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", GREENLETS],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "DATABASE_URL": config.url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("all well\n", 0), done.stderr
