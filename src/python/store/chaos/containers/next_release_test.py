"""The releases that src/docker/next-release builds have to keep fitting on the code as it changes."""

import shutil
import subprocess
from pathlib import Path

import pytest

ORDERS = Path("src/python/store/orders")
PATCHES = Path("src/docker/next").absolute()


@pytest.fixture
def patched(tmp_path: Path) -> Path:
    """The folder of orders as the last of the two releases has it."""
    shutil.copytree(ORDERS, tmp_path / ORDERS)
    git = shutil.which("git")
    assert git, "git is needed, as by whoever builds the releases"
    for patch in ("expand", "broken"):
        command = [git, "apply", f"{PATCHES / patch}.patch"]
        subprocess.run(command, cwd=tmp_path, check=True)
    return tmp_path / ORDERS


def test_the_next_release_writes_what_its_migration_adds(patched: Path) -> None:
    writes = (patched / "models/writes.py").read_text()
    compile(writes, "writes.py", "exec")
    for column, uses in {"placed_by": 1, "moved_by": 2}.items():
        assert writes.count(column) == uses
        assert f"ADD COLUMN {column}" in (patched / "migrations/9001_releases.py").read_text()


def test_the_added_migrations_come_after_all_others(patched: Path) -> None:
    before = sorted(path.name for path in (ORDERS / "migrations").glob("[0-9]*.py"))
    after = sorted(path.name for path in (patched / "migrations").glob("[0-9]*.py"))
    assert after == [*before, "9001_releases.py", "9002_broken.py"]
