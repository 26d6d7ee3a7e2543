import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from store.cli.errors import Trouble
from store.devstack.databases import databases
from store.testing.folders import short_folder
from store.testing.wait import wait_for


@pytest.fixture
def home() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder / "postgres"


def test_no_service_can_enter_anothers_database_and_a_dead_postgres_is_noticed(home: Path) -> None:
    with databases(home) as made:
        psycopg2.connect(made.urls["orders"]).close()
        stranger = made.urls["orders"].replace("@/orders", "@/users")
        with pytest.raises(psycopg2.OperationalError, match="permission denied"):
            psycopg2.connect(stranger)
        made.refuse_if_dead()

        note = home / "data" / "postmaster.pid"
        os.kill(int(note.read_text().split()[0]), signal.SIGKILL)
        wait_for(lambda: not made.server.running, 30)
        with pytest.raises(Trouble, match="PostgreSQL ended by itself"):
            made.refuse_if_dead()


def test_a_folder_that_cannot_be_used_is_one_clear_message(home: Path) -> None:
    home.write_text("a file in the way")
    with pytest.raises(Trouble), databases(home):
        pass
