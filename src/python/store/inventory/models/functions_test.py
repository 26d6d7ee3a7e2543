"""What runs in the database is what the files say, whatever version it comes from."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from store.database.config import DatabaseConfig
from store.database.database import Database
from store.database.migrations import migrate
from store.database.testing import FleetingServer
from store.inventory.models.reservations import Refusal, ReservationAnswer
from store.inventory.models.tables import FUNCTIONS, MIGRATIONS

FILES = sorted(FUNCTIONS.glob("*.sql"))
NUMBERED = sorted(MIGRATIONS.glob("[0-9]*.py"))

# All that no extension brings.
OURS = """
SELECT proname AS name, pg_get_functiondef(oid) AS definition, xmin::text AS written_by
FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS (
    SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid
        AND deptype = 'e'
) ORDER BY name"""

# What the version before calls, which runs beside this one through an upgrade.
CALLED_BY_PYTHON = {
    "offers(wanted_skus text[], wanted_currency text)",
    "order_key(order_id uuid)",
    "reservation_as_json(wanted uuid)",
    "serve_orders(requests jsonb)",
    "sweep_overdue(how_many integer)",
}


def definitions(database: Database) -> dict[str, str]:
    rows = database.rows(OURS)
    found = {row["name"]: row["definition"] for row in rows}
    assert len(found) == len(rows), "two functions of one name: whose file is it?"
    return found


def test_every_function_of_the_database_has_a_file_and_every_file_a_function(
    database: Database,
) -> None:
    assert set(definitions(database)) == {file.stem for file in FILES}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_function_is_what_its_file_says_and_the_file_says_nothing_else(
    database: Database, file: Path
) -> None:
    before = definitions(database)
    with database.transaction():
        database.run(file.read_text())
        mine: Any = database.row("SELECT pg_current_xact_id()::xid::text AS id")
        written = [row["name"] for row in database.rows(OURS) if row["written_by"] == mine["id"]]
        tables = database.row(
            "SELECT count(*) AS n FROM pg_class WHERE xmin = pg_current_xact_id()::xid"
        )
    assert written == [file.stem]
    assert tables == {"n": 0}
    assert definitions(database) == before


def test_what_the_version_before_calls_can_still_be_called(database: Database) -> None:
    found = database.rows(
        """SELECT proname || '(' || pg_get_function_arguments(oid) || ')' AS signature
        FROM pg_proc WHERE pronamespace = 'public'::regnamespace"""
    )
    assert {row["signature"] for row in found} >= CALLED_BY_PYTHON


@pytest.fixture
def empty(postgres: FleetingServer, tmp_path: Path) -> Iterator[Database]:
    """A database in which nothing but the first migration of a test has been applied."""
    (tmp_path / "0000_nothing.py").write_text("def up(migrator, db):\n    pass\n")
    with postgres.fresh(postgres.template("inventory", tmp_path)) as config:
        opened = Database(MIGRATIONS, FUNCTIONS)
        opened.open(config)
        yield opened
        opened.shut()


@pytest.mark.parametrize("known", range(len(NUMBERED) + 1))
def test_a_database_of_any_version_gets_the_same_functions(
    database: Database, empty: Database, tmp_path: Path, known: int
) -> None:
    for file in NUMBERED[:known]:
        shutil.copy(file, tmp_path)
    migrate(empty, tmp_path)
    pending = [file.stem for file in NUMBERED[known:]]
    assert migrate(empty, MIGRATIONS, FUNCTIONS) == pending + [file.name for file in FILES]
    assert definitions(empty) == definitions(database)
    empty.check()


def test_a_function_that_an_older_version_left_is_replaced(
    database: Database, database_config: DatabaseConfig
) -> None:
    now = definitions(database)
    database.run("DROP TABLE schema_function")
    database.run(
        """CREATE OR REPLACE FUNCTION serve_orders(requests jsonb) RETURNS SETOF jsonb
        LANGUAGE sql AS $$ SELECT requests $$"""
    )
    assert definitions(database) != now
    older = Database(MIGRATIONS)
    older.open(database_config)
    older.check()
    assert migrate(older, MIGRATIONS, FUNCTIONS) == [file.name for file in FILES]
    assert definitions(older) == now
    older.shut()


def test_an_answer_may_tell_more_than_this_version_knows() -> None:
    answer = {"was": None, "ran_out": False, "refused": "out_of_stock", "sku": "MUG", "since": 1}
    assert ReservationAnswer.of(answer).result == Refusal("out_of_stock", "MUG")
