from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import peewee
import pytest

from store.database.config import DatabaseConfig
from store.database.database import Database
from store.database.errors import broken_constraint
from store.database.history import MigrationsPending
from store.database.model import jsonb
from store.server.environ import BadEnviron, Environ
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


def test_what_is_to_be_done_on_commit_waits_for_it(database: Database) -> None:
    done: list[str] = []
    with database.transaction():
        database.on_commit(lambda: done.append("outer"))
        with database.transaction():
            database.on_commit(lambda: done.append("inner"))
        assert done == []
    assert done == ["outer", "inner"]
    database.on_commit(lambda: done.append("at once"))
    assert done[2:] == ["at once"]


def test_what_is_undone_does_nothing_on_commit(database: Database) -> None:
    done: list[str] = []

    def fail() -> None:
        with database.transaction():
            database.on_commit(lambda: done.append("undone"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.transaction():
        with pytest.raises(ZeroDivisionError):
            fail()
        database.on_commit(lambda: done.append("kept"))
    assert done == ["kept"]


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
    with pytest.raises(peewee.InterfaceError, match="No connection"):
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


@pytest.mark.parametrize(
    "url",
    [
        "mysql://h/d",
        "postgresql://u:hush@[h/d",
        "d",
        "postgresql://u:ha@hush@h/d",
        "postgresql://u:ha/hush@h/d",
    ],
)
def test_an_address_that_is_none_is_named_without_its_password(url: str) -> None:
    env = Environ({"DATABASE_URL": url})
    DatabaseConfig.from_environ(env)
    with pytest.raises(BadEnviron, match="DATABASE_URL must be like") as caught:
        env.check()
    assert "hush" not in str(caught.value)
