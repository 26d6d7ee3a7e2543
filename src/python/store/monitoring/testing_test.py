from pathlib import Path

import pytest
from _pytest.outcomes import Skipped

from store.monitoring.programs import CannotWatch
from store.monitoring.testing import needed


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)


def nowhere() -> str:
    raise CannotWatch("it is not installed")


def prometheus(folder: Path, said: str) -> str:
    program = folder / "prometheus"
    program.write_text(f"#!/bin/sh\necho '{said}'\n")
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize("version", ["2.42.0+ds (branch: debian/sid)", "2.53.3", "3.5.0"])
def test_what_is_installed_and_new_enough_is_used(tmp_path: Path, version: str) -> None:
    program = prometheus(tmp_path, f"prometheus, version {version}")
    assert needed(lambda: program) == program


def test_one_that_is_too_old_is_named(tmp_path: Path) -> None:
    program = prometheus(tmp_path, "prometheus, version 2.24.1+ds (branch: debian/sid)")
    with pytest.raises(Skipped, match=rf"2\.42 or newer is needed, and {program} is 2\.24"):
        needed(lambda: program)


def test_a_missing_one_is_named_with_what_installs_it() -> None:
    with pytest.raises(Skipped, match="apt-get install prometheus"):
        needed(nowhere)
