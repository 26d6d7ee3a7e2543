import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from store.devstack.databases import databases
from store.devstack.errors import Trouble


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder with a short path, open to the user PostgreSQL runs as."""
    folder = Path(tempfile.mkdtemp(prefix="db-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder / "postgres"
    shutil.rmtree(folder, ignore_errors=True)


def test_no_service_can_enter_anothers_database_and_a_dead_postgres_is_noticed(home: Path) -> None:
    with databases(home) as made:
        psycopg2.connect(made.urls["orders"]).close()
        stranger = made.urls["orders"].replace("@/orders", "@/users")
        with pytest.raises(psycopg2.OperationalError, match="permission denied"):
            psycopg2.connect(stranger)
        made.refuse_if_dead()

        note = home / "data" / "postmaster.pid"
        os.kill(int(note.read_text().split()[0]), signal.SIGKILL)
        give_up = time.monotonic() + 30
        while made.server.running and time.monotonic() < give_up:
            time.sleep(0.02)
        with pytest.raises(Trouble, match="PostgreSQL ended by itself"):
            made.refuse_if_dead()


def test_a_folder_that_cannot_be_used_is_one_clear_message(home: Path) -> None:
    home.write_text("a file in the way")
    with pytest.raises(Trouble), databases(home):
        pass
