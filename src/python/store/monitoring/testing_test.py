import pytest
from _pytest.outcomes import Failed, Skipped

from store.monitoring.programs import CannotWatch
from store.monitoring.testing import needed


def nowhere() -> str:
    raise CannotWatch("it is not installed: apt-get install it")


def test_what_is_installed_is_used() -> None:
    assert needed(lambda: "/usr/bin/it") == "/usr/bin/it"


def test_in_ci_nothing_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(Failed, match="apt-get install it"):
        needed(nowhere)


def test_elsewhere_a_missing_program_is_named_with_what_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(Skipped, match="apt-get install it"):
        needed(nowhere)
