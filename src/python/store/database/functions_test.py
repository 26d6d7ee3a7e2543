import logging
import threading
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from store.database import migrations as module
from store.database.config import DatabaseConfig
from store.database.database import Database
from store.database.functions import TABLE
from store.database.history import MigrationsPending
from store.database.migrations import MigrationFailed, migrate

ONE = "CREATE OR REPLACE FUNCTION one() RETURNS integer LANGUAGE sql AS $$ SELECT {} $$;\n"
TWICE = "CREATE OR REPLACE FUNCTION twice() RETURNS integer LANGUAGE sql AS $$ SELECT 2 * {} $$;\n"


@pytest.fixture
def functions(tmp_path: Path) -> Path:
    (tmp_path / "one.sql").write_text(ONE.format(1))
    return tmp_path


def ask(database: Database, function: str) -> Any:
    row = database.row(f"SELECT {function}() AS answer")
    return row and row["answer"]


def log(database: Database) -> list[str]:
    return [row["name"] for row in database.rows(f"SELECT name FROM {TABLE} ORDER BY id")]


def test_a_function_is_applied_once(
    database: Database, migrations: Path, functions: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger=module.__name__):
        assert migrate(database, migrations, functions) == ["one.sql"]
        assert migrate(database, migrations, functions) == []
    assert ask(database, "one") == 1
    assert log(database) == ["one.sql"]
    lines = [record.getMessage().split(" in ")[0] for record in caplog.records]
    assert lines == ["applied functions one.sql"]


def test_what_has_changed_is_applied_again_and_nothing_else(
    database: Database, migrations: Path, functions: Path
) -> None:
    (functions / "twice.sql").write_text(TWICE.format("one()"))
    migrate(database, migrations, functions)
    (functions / "one.sql").write_text(ONE.format(21))
    assert migrate(database, migrations, functions) == ["one.sql"]
    assert ask(database, "twice") == 42


def test_what_is_changed_back_is_applied_again(
    database: Database, migrations: Path, functions: Path
) -> None:
    for number in (1, 2, 1):
        (functions / "one.sql").write_text(ONE.format(number))
        assert migrate(database, migrations, functions) == ["one.sql"]
        assert ask(database, "one") == number
    assert log(database) == ["one.sql"] * 3


def test_functions_find_the_tables_of_the_numbered_migrations(
    database: Database, tmp_path: Path, migrations: Path
) -> None:
    for folder in ("numbered", "sql"):
        (tmp_path / folder).mkdir()
    for first in migrations.glob("0001*.py"):
        (tmp_path / "numbered" / first.name).write_text(first.read_text())
    (tmp_path / "numbered" / "0002_mugs.py").write_text(
        'def up(migrator, db):\n    db.execute_sql("CREATE TABLE mugs (id int)")\n'
    )
    (tmp_path / "sql" / "one.sql").write_text(ONE.format("count(*)::integer FROM mugs"))
    applied = migrate(database, tmp_path / "numbered", tmp_path / "sql")
    assert applied == ["0002_mugs", "one.sql"]
    assert ask(database, "one") == 0


def test_functions_may_call_each_other_in_any_order(
    database: Database, migrations: Path, functions: Path
) -> None:
    (functions / "all.sql").write_text(TWICE.format("one()"))
    assert migrate(database, migrations, functions) == ["all.sql", "one.sql"]
    assert ask(database, "twice") == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TWICE.format("nothing()"), r"function nothing\(\) does not exist"),
        ("CREATE OR REPLACE FUNCTION", "syntax error"),
        (ONE.replace("integer", "text").format("''"), "cannot change return type"),
    ],
)
def test_an_error_in_one_leaves_all_as_they_were(
    database: Database, migrations: Path, functions: Path, text: str, said: str
) -> None:
    migrate(database, migrations, functions)
    (functions / "one.sql").write_text(ONE.format(5))
    (functions / "second.sql").write_text(text)
    with pytest.raises(
        MigrationFailed, match=f"Migration second.sql failed and left nothing behind: .*{said}"
    ) as failed:
        migrate(database, migrations, functions)
    assert "\n" not in str(failed.value)
    assert ask(database, "one") == 1
    assert log(database) == ["one.sql"]
    (functions / "second.sql").write_text(TWICE.format("one()"))
    assert migrate(database, migrations, functions) == ["one.sql", "second.sql"]
    assert ask(database, "twice") == 10


def test_those_who_start_at_once_apply_them_once(
    config: DatabaseConfig, database: Database, migrations: Path, functions: Path
) -> None:
    (functions / "twice.sql").write_text(TWICE.format("one()"))
    done: list[list[str]] = []

    def work() -> None:
        own = Database()
        own.open(config)
        done.append(migrate(own, migrations, functions))
        own.shut()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(done) == [[], [], [], ["one.sql", "twice.sql"]]
    assert log(database) == ["one.sql", "twice.sql"]


def test_a_version_that_knows_only_numbered_migrations_takes_no_notice(
    database: Database, migrations: Path, functions: Path
) -> None:
    migrate(database, migrations, functions)
    assert migrate(database, migrations) == []
    database.check()
    assert ask(database, "one") == 1


def test_the_check_names_functions_that_were_never_applied(
    database: Database, migrations: Path, functions: Path
) -> None:
    database.functions = functions
    with pytest.raises(MigrationsPending, match=r"lacks migrations: one\.sql\. Run `migrate`"):
        database.check()
    migrate(database, migrations, functions)
    database.check()
    (functions / "one.sql").write_text(ONE.format(2))
    with pytest.raises(MigrationsPending):
        database.check()


def test_a_database_that_is_ahead_is_fine(
    database: Database, migrations: Path, functions: Path
) -> None:
    database.functions = functions
    migrate(database, migrations, functions)
    (functions / "one.sql").write_text(ONE.format(2))
    migrate(database, migrations, functions)
    (functions / "one.sql").write_text(ONE.format(1))
    database.check()


def test_who_is_inside_a_function_is_neither_disturbed_nor_waited_for(
    config: DatabaseConfig, database: Database, migrations: Path, functions: Path
) -> None:
    (functions / "one.sql").write_text(ONE.format("1 FROM pg_sleep(2)"))
    migrate(database, migrations, functions)
    answers: list[Any] = []
    own = Database()
    own.open(config)
    caller = threading.Thread(target=lambda: answers.append(ask(own, "one")))
    caller.start()
    while not database.rows("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'"):
        pass
    begun = monotonic()
    (functions / "one.sql").write_text(ONE.format(2))
    migrate(database, migrations, functions)
    assert (ask(database, "one"), answers) == (2, [])
    assert monotonic() - begun < 2
    caller.join(20)
    assert answers == [1]
    own.shut()


def test_callers_under_load_see_the_old_or_the_new(
    config: DatabaseConfig, database: Database, migrations: Path, functions: Path
) -> None:
    (functions / "twice.sql").write_text(TWICE.format("one()"))
    migrate(database, migrations, functions)
    over = threading.Event()
    seen: set[Any] = set()

    def call() -> None:
        own = Database()
        own.open(config)
        while not over.is_set():
            try:
                seen.add(ask(own, "twice"))
            except Exception as error:
                seen.add(error)
        own.shut()

    callers = [threading.Thread(target=call) for _ in range(3)]
    for caller in callers:
        caller.start()
    for number in range(2, 32):
        (functions / "one.sql").write_text(ONE.format(number))
        (functions / "twice.sql").write_text(TWICE.format("one()") + f"-- {number}\n")
        migrate(database, migrations, functions)
    over.set()
    for caller in callers:
        caller.join(20)
    assert seen <= {2 * number for number in range(1, 32)}
    assert len(seen) > 1


def test_a_folder_without_functions_is_a_mistake_not_a_success(
    database: Database, migrations: Path, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError):
        migrate(database, migrations, tmp_path)
