import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import peewee
import pytest

from store.database.config import DatabaseConfig
from store.database.database import Database
from store.database.errors import (
    Collision,
    CommitUnknown,
    DatabaseDown,
    DatabaseSlow,
    broken_constraint,
)
from store.database.history import MigrationsPending
from store.database.model import jsonb
from store.server.environ import Environ
from store.server.ids import new_id

ADD = "INSERT INTO things (id, name) VALUES (%s, %s)"


def add(database: Database, name: str) -> UUID:
    made = new_id()
    database.run(ADD, (made, name))
    return made


def names(database: Database) -> list[str]:
    return [row["name"] for row in database.rows("SELECT name FROM things ORDER BY id")]


def test_a_transaction_keeps_all_or_nothing(database: Database) -> None:
    with database.transaction():
        add(database, "mug")
        add(database, "cup")

    def work() -> None:
        with database.transaction():
            add(database, "pot")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert names(database) == ["mug", "cup"]


def test_a_transaction_inside_another_can_fail_alone(database: Database) -> None:
    with database.transaction():
        add(database, "mug")
        with pytest.raises(peewee.IntegrityError) as caught, database.transaction():
            add(database, "mug")
        add(database, "cup")
    assert names(database) == ["mug", "cup"]
    assert broken_constraint(caught.value) == "things_name_key"


def test_a_transaction_that_failed_unnoticed_does_not_pass_for_a_commit(database: Database) -> None:
    def work() -> None:
        with database.transaction():
            add(database, "mug")
            with pytest.raises(peewee.IntegrityError):
                add(database, "mug")

    with pytest.raises(peewee.InternalError, match="nothing was kept"):
        work()
    assert names(database) == []


def test_a_query_by_the_orm_needs_a_connection_taken_on_purpose(database: Database) -> None:
    class Thing(peewee.Model):
        name = peewee.TextField(primary_key=True)

        class Meta:
            table_name = "things"

    Thing.bind(database)
    with pytest.raises(peewee.InterfaceError, match="not opened"):
        Thing.select().count()
    with database.reading():
        assert Thing.select().count() == 0
    with database.transaction():
        assert Thing.select().count() == 0


def test_a_database_that_is_not_open_says_so() -> None:
    with pytest.raises(peewee.InterfaceError):
        Database().rows("SELECT 1")


def test_values_go_in_and_come_out_as_what_they_are(database: Database) -> None:
    made, moment = new_id(), datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
    facts = {"a": [1, None, "ä"], "b": {}}
    row = {"id": made, "name": "mug", "facts": facts, "made": moment}
    insert = "INSERT INTO things VALUES (%(id)s, %(name)s, %(facts)s, %(made)s)"
    assert database.run(insert, {**row, "facts": jsonb(facts)}) == 1
    assert database.row("SELECT * FROM things") == row
    found = database.row("SELECT made, facts FROM things WHERE id = ANY(%s)", ([made],))
    assert found is not None
    assert found["made"].utcoffset().total_seconds() == 0
    assert database.row("SELECT * FROM things WHERE name = 'x'") is None


def test_sql_without_parameters_may_hold_a_percent_sign(database: Database) -> None:
    add(database, "mug")
    assert database.row("SELECT count(*) AS n FROM things WHERE name LIKE 'm%'") == {"n": 1}


def test_plain_sql_joins_the_open_transaction(database: Database) -> None:
    def work() -> None:
        with database.transaction():
            add(database, "mug")
            assert names(database) == ["mug"]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert names(database) == []


def test_a_transaction_begins_on_another_connection_when_the_pooled_one_is_dead(
    database: Database, kill: Callable[[], None]
) -> None:
    add(database, "mug")
    kill()
    with database.transaction():
        add(database, "cup")
    kill()
    assert names(database) == ["mug", "cup"]
    kill()
    with database.reading():
        assert names(database) == ["mug", "cup"]


def test_a_change_is_never_sent_twice(database: Database, kill: Callable[[], None]) -> None:
    add(database, "mug")
    kill()
    with pytest.raises(DatabaseDown) as caught:
        add(database, "cup")
    assert (caught.value.status, caught.value.code) == (503, "database_unavailable")
    add(database, "pot")
    assert names(database) == ["mug", "pot"]


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
    with pytest.raises(DatabaseSlow) as caught:
        database.rows("SELECT pg_sleep(10)")
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


def test_each_connection_has_its_limits_and_its_name(database: Database) -> None:
    found = database.rows(
        "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)",
        (
            [
                "TimeZone",
                "statement_timeout",
                "lock_timeout",
                "idle_in_transaction_session_timeout",
                "application_name",
            ],
        ),
    )
    settings = {row["name"]: row["setting"] for row in found}
    assert settings.pop("application_name")
    assert settings == {
        "TimeZone": "UTC",
        "statement_timeout": "15000",
        "lock_timeout": "5000",
        "idle_in_transaction_session_timeout": "30000",
    }


def test_a_database_that_is_up_to_date_or_ahead_passes_the_check(database: Database) -> None:
    database.check()
    database.run("INSERT INTO schema_migration (name, applied) VALUES ('0002_newer', now())")
    database.check()


def test_the_check_names_the_migrations_that_are_missing(
    database: Database, tmp_path: Path
) -> None:
    (tmp_path / "0001_things.py").touch()
    (tmp_path / "0002_colours.py").touch()
    database.migrations = tmp_path
    with pytest.raises(MigrationsPending, match="0002_colours") as caught:
        database.check()
    assert caught.value.facts == {"missing": ["0002_colours"]}


def test_the_environment_makes_a_config_that_does_not_print_its_password() -> None:
    env = Environ({"DATABASE_URL": "postgresql://u:hush@h/d", "DATABASE_POOL_SIZE": "3"})
    config = DatabaseConfig.from_environ(env)
    env.check()
    assert (config.pool_size, config.pool_wait_seconds) == (3, 2.0)
    assert "hush" not in repr(config)


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
