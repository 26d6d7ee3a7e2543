import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from store.database.config import DatabaseConfig
from store.database.database import Database
from store.database.testing import FleetingServer, postgres  # noqa: F401

Kill = Callable[[], None]

FIRST_MIGRATION = '''
def up(migrator, db):
    db.execute_sql("""
        CREATE TABLE things (
            id    uuid PRIMARY KEY,
            name  text NOT NULL CONSTRAINT things_name_key UNIQUE CHECK (name NOT LIKE '%!%'),
            facts jsonb,
            made  timestamptz
        )
    """)
'''


@pytest.fixture
def home() -> Iterator[Path]:
    # Not pytest's tmp_path: it is too long for a socket, and only its owner may enter it.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    folder.rmdir()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def migrations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("migrations")
    (folder / "0001_things.py").write_text(FIRST_MIGRATION)
    return folder


@pytest.fixture
def config(postgres: FleetingServer, migrations: Path) -> Iterator[DatabaseConfig]:  # noqa: F811
    with postgres.fresh(postgres.template("things", migrations)) as config:
        yield config


@pytest.fixture
def database(config: DatabaseConfig, migrations: Path) -> Iterator[Database]:
    database = Database(migrations)
    database.open(config)
    yield database
    database.shut()


@pytest.fixture
def kill(postgres: FleetingServer) -> Kill:  # noqa: F811
    """Ends the server's side of all connections of services, as a restart would."""

    def kill() -> None:
        postgres.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'things'"
        )

    return kill
