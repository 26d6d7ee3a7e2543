import logging
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from store.database import migrations as module
from store.database.availability import NoDatabase
from store.database.config import DatabaseConfig
from store.database.database import Database
from store.database.errors import CommitUnknown
from store.database.migrations import MigrationFailed, migrate, migrate_from, pending
from store.server.environ import Environ

GOOD = 'def up(migrator, db):\n    db.execute_sql("CREATE TABLE {name} (id int)")\n'
SLOW = 'def up(migrator, db):\n    db.execute_sql("SELECT pg_sleep(0.3)")\n'
BAD = (
    "def up(migrator, db):\n"
    '    db.execute_sql("CREATE TABLE half ()")\n'
    '    db.execute_sql("CREATE TABLE half ()")\n'
)
ALTER = 'def up(migrator, db):\n    db.execute_sql("ALTER TABLE things ADD COLUMN colour text")\n'


@pytest.fixture
def folder(tmp_path: Path, migrations: Path) -> Path:
    first = next(migrations.glob("0001*.py"))
    (tmp_path / first.name).write_text(first.read_text())
    return tmp_path


def tables(database: Database) -> set[str]:
    found = database.rows("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname !~ '^pg_'")
    return {row["relname"] for row in found}


def test_what_is_pending_is_applied_in_order_and_once(
    database: Database, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "0003_cups.py").write_text(GOOD.format(name="cups"))
    (folder / "0002_mugs.py").write_text(GOOD.format(name="mugs"))
    assert pending(database, folder) == ["0002_mugs", "0003_cups"]
    with caplog.at_level(logging.INFO, logger=module.__name__):
        assert migrate(database, folder) == ["0002_mugs", "0003_cups"]
    lines = [record.getMessage().split(" in ")[0] for record in caplog.records]
    assert lines == ["applied migration 0002_mugs", "applied migration 0003_cups"]
    assert {"mugs", "cups"} <= tables(database)
    assert migrate(database, folder) == pending(database, folder) == []


def test_a_database_without_history_has_everything_pending(
    database: Database, folder: Path
) -> None:
    database.run("DROP TABLE schema_migration")
    assert pending(database, folder) == ["0001_things"]


def test_a_failed_migration_leaves_nothing_and_those_before_it_stay(
    database: Database, folder: Path
) -> None:
    (folder / "0002_mugs.py").write_text(GOOD.format(name="mugs"))
    (folder / "0003_half.py").write_text(BAD)
    (folder / "0004_cups.py").write_text(GOOD.format(name="cups"))
    with pytest.raises(MigrationFailed, match="0003_half failed"):
        migrate(database, folder)
    assert tables(database) & {"mugs", "half", "cups"} == {"mugs"}
    assert pending(database, folder) == ["0003_half", "0004_cups"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("db.execute_sql('SELECT 1 FROM nothing')", 'relation "nothing" does not exist'),
        ("db.execute_sql('CREATE UNIQUE INDEX twice ON things (facts)')", 'index "twice"$'),
        ("db.execute_sql('SELECT\\n1/0')", "division by zero$"),
        ("{}['colour']", "KeyError: 'colour'"),
    ],
)
def test_why_a_migration_failed_is_one_line_and_quotes_no_row(
    database: Database, folder: Path, body: str, said: str
) -> None:
    insert = "INSERT INTO things (id, name, facts) VALUES (gen_random_uuid(), %s, '\"ann\"')"
    for name in "ab":
        database.run(insert, (name,))
    (folder / "0002_bad.py").write_text(f"def up(migrator, db):\n    {body}\n")
    with pytest.raises(MigrationFailed, match=said) as failed:
        migrate(database, folder)
    assert str(failed.value).startswith("Migration 0002_bad failed and left nothing behind: ")
    assert "\n" not in str(failed.value)
    assert "ann" not in str(failed.value)


def test_a_commit_without_an_answer_is_not_said_to_have_left_nothing(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def commit() -> None:
        raise CommitUnknown("The database was lost during a commit.")

    (folder / "0002_mugs.py").write_text(GOOD.format(name="mugs"))
    monkeypatch.setattr(database, "commit", commit)
    with pytest.raises(MigrationFailed) as failed:
        migrate(database, folder)
    assert str(failed.value) == (
        "Migration 0002_mugs was broken off: The database was lost during a commit. Run it again."
    )


def test_the_command_waits_as_long_as_the_environment_says(migrations: Path) -> None:
    env = Environ({"DATABASE_URL": "postgresql://x@127.0.0.1:1/x", "DATABASE_WAIT_SECONDS": "1"})
    with pytest.raises(NoDatabase, match=r"cannot be reached after 1 s: .* Connection refused"):
        migrate_from(env, Database(), migrations)


def test_whoever_waits_in_vain_for_another_that_migrates_is_told_so(
    config: DatabaseConfig, database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAIT_FOR_ANOTHER", "100ms")
    other = Database()
    other.open(config)
    with other.reading():
        other.run("SELECT pg_advisory_lock(%s)", (module.LOCK,))
        with pytest.raises(MigrationFailed, match=r"Another process has been migrating .*100ms"):
            migrate(database, folder)
    other.shut()


def test_two_who_migrate_at_once_do_the_work_once(config: DatabaseConfig, folder: Path) -> None:
    (folder / "0002_slow.py").write_text(SLOW)
    (folder / "0003_mugs.py").write_text(GOOD.format(name="mugs"))
    done: list[list[str]] = []

    def work() -> None:
        database = Database()
        database.open(replace(config, statement_seconds=0.1))  # a limit for requests, not for this
        done.append(migrate(database, folder))
        database.shut()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(done) == [[], [], ["0002_slow", "0003_mugs"]]


def test_a_table_in_use_stops_a_migration_soon_and_clearly(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAIT_FOR_A_TABLE", "100ms")
    (folder / "0002_colour.py").write_text(ALTER)
    failed: list[MigrationFailed] = []

    def work() -> None:
        with pytest.raises(MigrationFailed) as caught:
            migrate(database, folder)
        failed.append(caught.value)

    with database.transaction():
        database.rows("SELECT * FROM things")
        thread = threading.Thread(target=work)
        thread.start()
        thread.join(20)
    assert "0002_colour waited 100ms for a lock in vain" in str(failed[0])
    assert migrate(database, folder) == ["0002_colour"]


def test_the_connection_is_as_before_afterwards(config: DatabaseConfig, folder: Path) -> None:
    database = Database()
    database.open(replace(config, pool_size=1))
    migrate(database, folder)
    assert database.row("SHOW statement_timeout") == {"statement_timeout": "15s"}
    assert database.row("SHOW lock_timeout") == {"lock_timeout": "5s"}
    locks = database.row("SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory'")
    assert locks == {"n": 0}
    database.shut()


def test_an_empty_folder_is_a_mistake_not_a_success(database: Database, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        pending(database, tmp_path)
