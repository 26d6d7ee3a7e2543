import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from store.database.config import DatabaseConfig
from store.database.database import Database
from store.database.errors import DatabaseDown, PoolExhausted
from store.database.testing import FleetingServer
from store.metrics.database import HELD_SECONDS, POOL_IN_USE, POOL_TIMEOUTS, UNAVAILABLE


def opened(config: DatabaseConfig, **changes: Any) -> Database:
    database = Database()
    database.open(replace(config, **changes))
    return database


def in_threads(number: int, work: Callable[[], None]) -> None:
    threads = [threading.Thread(target=work) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


def backend(database: Database) -> Any:
    found = database.row("SELECT pg_backend_pid() AS pid")
    assert found is not None
    return found["pid"]


def test_the_connection_given_back_last_goes_out_first(config: DatabaseConfig) -> None:
    database = opened(config, pool_size=3)
    pids: list[int] = []
    with database.reading():
        in_threads(2, lambda: pids.append(backend(database)))
        last = backend(database)
    assert [backend(database) for _ in range(5)] == [last] * 5
    database.shut()


def test_who_waits_too_long_for_a_connection_is_told_to_come_back(config: DatabaseConfig) -> None:
    database = opened(config, pool_size=1, pool_wait_seconds=0.1)
    gave_up: list[PoolExhausted] = []

    def ask() -> None:
        with pytest.raises(PoolExhausted) as caught:
            database.rows("SELECT 1")
        gave_up.append(caught.value)

    before = POOL_TIMEOUTS._value.get()
    with database.transaction():
        database.run("SELECT 1")
        in_threads(2, ask)
    assert [(error.status, error.code) for error in gave_up] == [(503, "database_busy")] * 2
    assert gave_up[0].retry_after > 0
    assert POOL_TIMEOUTS._value.get() == before + 2
    database.shut()


def test_who_waits_gets_the_connection_that_comes_back(config: DatabaseConfig) -> None:
    database = opened(config, pool_size=1, pool_wait_seconds=10)
    waited: list[float] = []

    def ask() -> None:
        begun = time.monotonic()
        database.rows("SELECT 1")
        waited.append(time.monotonic() - begun)

    with database.reading():
        thread = threading.Thread(target=ask)
        thread.start()
        database.run("SELECT pg_sleep(0.2)")
    thread.join(10)
    assert 0.1 < waited[0] < 5
    database.shut()


def test_many_threads_share_few_connections(
    config: DatabaseConfig, postgres: FleetingServer
) -> None:
    database = opened(config, pool_size=3, pool_wait_seconds=30)
    pids: set[int] = set()
    in_use = POOL_IN_USE._value.get()

    def work() -> None:
        for _ in range(20):
            with database.transaction():
                pids.add(backend(database))

    in_threads(12, work)
    assert 1 <= len(pids) <= 3
    assert POOL_IN_USE._value.get() == in_use
    database.shut()


def test_a_connection_that_comes_back_in_a_transaction_is_rolled_back(
    database: Database,
) -> None:
    with database.reading():
        database.execute_sql("BEGIN")
        database.run("CREATE TABLE half_done ()")
        pid = backend(database)
    found = database.row("SELECT to_regclass('half_done') AS found, pg_backend_pid() AS pid")
    assert found == {"found": None, "pid": pid}


def test_failed_connects_do_not_use_the_pool_up(config: DatabaseConfig) -> None:
    database = opened(config, url=config.url + ".nowhere", pool_size=2, pool_wait_seconds=0.1)
    before = UNAVAILABLE._value.get()
    for ask in (
        lambda: database.rows("SELECT 1"),
        database.check,
        database.transaction().__enter__,
    ):
        with pytest.raises(DatabaseDown):
            ask()
    assert UNAVAILABLE._value.get() == before + 3
    database.shut()


def test_it_is_told_how_long_connections_are_kept(config: DatabaseConfig) -> None:
    database = opened(config)
    before = HELD_SECONDS._sum.get()
    with database.reading():
        time.sleep(0.1)
        database.run("SELECT 1")
    database.rows("SELECT 1")
    assert 0.1 <= HELD_SECONDS._sum.get() - before < 5
    database.shut()


def test_shutting_closes_idle_connections_at_once_and_others_when_they_come_back(
    config: DatabaseConfig, postgres: FleetingServer
) -> None:
    database = opened(config)
    name = config.url.split("?")[0].rsplit("/", 1)[1]
    pids: list[int] = []

    def connections() -> list[tuple[object, ...]]:
        return postgres.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s", (name,))

    with database.reading():
        in_threads(2, lambda: pids.append(backend(database)))
        database.shut()
        wait_for(lambda: len(connections()) == 1)
    wait_for(lambda: not connections())


def wait_for(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.01)
