"""Where PostgreSQL lives; as root it runs as `nobody`, as in CI and in containers."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.devstack import postgres_home
from store.devstack.databases import databases
from store.devstack.folder import Folder
from store.devstack.postgres_home import PostgresHome
from store.testing.folders import short_folder


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with short_folder() as folder:
        monkeypatch.setattr(postgres_home, "OUTSIDE", folder / "virtual-store")
        yield folder / "virtual-store"


@pytest.fixture
def closed() -> Iterator[Path]:
    """A folder that nobody else may enter, such as root's home."""
    folder = Path(tempfile.mkdtemp(prefix="up-", dir="/tmp"))
    yield folder / "store"
    shutil.rmtree(folder)


def test_postgresql_runs_for_a_store_that_others_may_not_enter(closed: Path, outside: Path) -> None:
    folder = Folder(closed)
    folder.hold()
    with databases(folder.database.settle()) as found:
        assert found.server.running
    assert (closed / "postgres" / "data").exists()
    first = folder.database.path
    assert folder.database.settle() == first
    folder.clear()
    assert not first.exists()
    assert not (closed / "postgres").is_symlink()
    folder.release()


def test_it_moves_out_where_it_could_not_live_and_is_found_by_a_link(
    tmp_path: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_home, "_may_enter", lambda _: False)
    (tmp_path / "postgres").mkdir()  # of a start that came to nothing
    home = PostgresHome(tmp_path)
    assert home.settle().parent == outside
    assert home.settle() == PostgresHome(tmp_path).path == (tmp_path / "postgres").readlink()


def test_data_that_is_there_stays_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_home, "_may_enter", lambda _: False)
    (tmp_path / "postgres" / "data").mkdir(parents=True)
    assert PostgresHome(tmp_path).settle() == tmp_path / "postgres"


def test_a_store_whose_folder_was_removed_starts_anew(
    tmp_path: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_home, "_may_enter", lambda _: False)
    store = tmp_path / "store"
    store.mkdir()
    data = PostgresHome(store).settle() / "data"
    data.mkdir(parents=True)
    shutil.rmtree(store)
    store.mkdir()
    assert PostgresHome(store).settle() == data.parent
    assert not data.exists()


def test_two_stores_that_move_out_do_not_meet(
    tmp_path: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_home, "_may_enter", lambda _: False)
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    assert PostgresHome(tmp_path / "first").settle() != PostgresHome(tmp_path / "second").settle()
