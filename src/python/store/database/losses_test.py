import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import peewee
import pytest
from prometheus_client import REGISTRY

from store.database import pool
from store.database.config import DatabaseConfig
from store.database.database import Database
from store.database.errors import Collision, CommitUnknown, DatabaseDown, DatabaseSlow
from store.database.postgres import Server
from store.server.ids import new_id

ADD = "INSERT INTO things (id, name) VALUES (%s, %s)"


def add(database: Database, name: str) -> UUID:
    made = new_id()
    database.run(ADD, (made, name))
    return made


def errors(kind: str) -> float:
    return REGISTRY.get_sample_value("database_errors_total", {"kind": kind}) or 0.0


def names(database: Database) -> list[str]:
    return [row["name"] for row in database.rows("SELECT name FROM things ORDER BY id")]


def test_a_connection_that_died_in_the_pool_is_replaced_unnoticed(
    database: Database, kill: Callable[[], None]
) -> None:
    add(database, "mug")
    kill()
    with database.transaction():
        add(database, "cup")
    kill()
    add(database, "pot")
    kill()
    assert names(database) == ["mug", "cup", "pot"]
    kill()
    with database.reading():
        assert names(database) == ["mug", "cup", "pot"]


def test_a_transaction_begins_anew_when_the_connection_died_silently(
    database: Database, kill: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_is_alive", lambda _: True)
    add(database, "mug")
    kill()
    with database.transaction():
        add(database, "cup")
    assert names(database) == ["mug", "cup"]


def test_a_statement_whose_answer_is_lost_is_never_sent_twice(database: Database) -> None:
    database.run("CREATE SEQUENCE times_run")
    lost = errors("lost")
    with pytest.raises(DatabaseDown) as caught, database.transaction():
        database.rows("SELECT nextval('times_run'), pg_terminate_backend(pg_backend_pid())")
    assert errors("lost") == lost + 1
    assert (caught.value.status, caught.value.code) == (503, "database_unavailable")
    assert database.row("SELECT nextval('times_run') AS n") == {"n": 2}


def test_work_goes_on_when_the_server_is_back(home: Path) -> None:
    server = Server(home, durable=False)
    server.start()
    database = Database()
    database.open(DatabaseConfig(url=server.url("postgres")))
    database.rows("SELECT 1")
    server.stop()
    for ask in (lambda: database.rows("SELECT 1"), database.check):
        with pytest.raises(DatabaseDown):
            ask()
    server.start()
    assert database.rows("SELECT 1 AS one") == [{"one": 1}]
    database.shut()
    server.stop()


def test_a_connection_lost_halfway_undoes_the_transaction(
    database: Database, kill: Callable[[], None]
) -> None:
    def work() -> None:
        with database.transaction():
            add(database, "mug")
            kill()
            names(database)

    with pytest.raises(DatabaseDown):
        work()

    def read_on() -> None:
        with database.reading():
            names(database)
            kill()
            names(database)  # not repeated: what came before may have been about that connection

    with pytest.raises(DatabaseDown):
        read_on()
    assert names(database) == []


def test_an_error_of_the_block_is_not_hidden_by_the_loss_of_the_connection(
    database: Database, kill: Callable[[], None]
) -> None:
    def work() -> None:
        with database.transaction():
            add(database, "mug")
            kill()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert names(database) == []


def test_a_commit_whose_answer_is_lost_is_unknown(database: Database) -> None:
    database.run("""
        CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER die AFTER INSERT ON things DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION die();
    """)
    with pytest.raises(CommitUnknown) as caught, database.transaction():
        add(database, "mug")
    assert (caught.value.status, caught.value.code) == (503, "outcome_unknown")
    assert names(database) == []


def test_a_commit_that_the_database_refuses_is_a_plain_error(database: Database) -> None:
    database.run("ALTER TABLE things ADD UNIQUE (made) DEFERRABLE INITIALLY DEFERRED")
    same = datetime(2026, 1, 1, tzinfo=UTC)

    def work() -> None:
        with database.transaction():
            for name in ("mug", "cup"):
                database.run("INSERT INTO things VALUES (%s, %s, NULL, %s)", (new_id(), name, same))

    with pytest.raises(peewee.IntegrityError):
        work()
    assert names(database) == []


def test_a_statement_that_takes_too_long_is_ended(config: DatabaseConfig) -> None:
    database = Database()
    database.open(replace(config, statement_seconds=0.1))
    slow = errors("timeout")
    with pytest.raises(DatabaseSlow) as caught:
        database.rows("SELECT pg_sleep(10)")
    assert errors("timeout") == slow + 1
    assert (caught.value.status, caught.value.code) == (503, "database_timeout")
    database.shut()


def test_a_lock_that_does_not_come_is_given_up(config: DatabaseConfig) -> None:
    database = Database()
    database.open(replace(config, lock_seconds=0.1))
    add(database, "mug")

    def other() -> None:
        with pytest.raises(DatabaseSlow), database.transaction():
            database.rows("SELECT * FROM things FOR UPDATE")

    with database.transaction():
        database.rows("SELECT * FROM things FOR UPDATE")
        in_a_thread(other)
    database.shut()


def test_one_of_two_in_a_deadlock_is_told_to_try_again(database: Database) -> None:
    first, second = add(database, "mug"), add(database, "cup")
    both_hold_one = threading.Barrier(2)
    collisions: list[Collision] = []
    deadlocks = errors("deadlock")

    def lock(*ids: UUID) -> None:
        try:
            with database.transaction():
                for place, wanted in enumerate(ids):
                    database.rows("SELECT * FROM things WHERE id = %s FOR UPDATE", (wanted,))
                    if place == 0:
                        both_hold_one.wait(10)
        except Collision as error:
            collisions.append(error)

    thread = threading.Thread(target=lock, args=(first, second))
    thread.start()
    lock(second, first)
    thread.join(10)
    assert [(error.status, error.code) for error in collisions] == [(503, "database_collision")]
    assert errors("deadlock") == deadlocks + 1


def test_a_mistake_is_an_error_and_a_broken_constraint_is_none(database: Database) -> None:
    other, made = errors("other"), add(database, "mug")
    with pytest.raises(peewee.IntegrityError):
        database.run(ADD, (made, "mug"))
    assert errors("other") == other
    with pytest.raises(peewee.ProgrammingError):
        database.rows("SELECT nothing FROM things")
    assert errors("other") == other + 1


def in_a_thread(work: Callable[[], Any]) -> None:
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    assert not failed
