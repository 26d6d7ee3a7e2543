import os
import signal
import sys
from collections.abc import Iterator

import pytest

from store.server.environ import Environ
from store.server.process.commands import CommandFailed, run


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """Whoever runs a command takes over SIGTERM."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def serve() -> None:
    env = Environ({})
    env.text("DATABASE_URL")
    env.check()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "usage: orders {serve|work}\n"),
        (["dance"], "usage: orders {serve|work}\n"),
        (["--help"], "usage: orders {serve|work}\n"),
        (["serve"], "orders serve: bad environment: missing: DATABASE_URL\n"),
    ],
)
def test_wrong_use_and_a_bad_environment_are_one_line(
    arguments: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", ["orders", *arguments])
    with pytest.raises(SystemExit) as left:
        run("orders", {"serve": serve, "work": serve})
    assert (left.value.code, capsys.readouterr().err) == (2, said)


def test_the_named_command_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    monkeypatch.setattr(sys, "argv", ["orders", "work"])
    run("orders", {"serve": lambda: ran.append("serve"), "work": lambda: ran.append("work")})
    assert ran == ["work"]


def test_ctrl_c_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys, "argv", ["orders", "work"])
    with pytest.raises(SystemExit) as left:
        run("orders", {"work": work})
    assert left.value.code == 130


def test_a_command_that_failed_says_why_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def migrate() -> None:
        raise CommandFailed("the database cannot be reached")

    monkeypatch.setattr(sys, "argv", ["orders", "migrate"])
    with pytest.raises(SystemExit) as left:
        run("orders", {"migrate": migrate})
    said = "orders migrate: the database cannot be reached\n"
    assert (left.value.code, capsys.readouterr()) == (1, ("", said))


def test_sigterm_ends_a_command_that_makes_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["orders", "migrate"])
    with pytest.raises(SystemExit) as left:
        run("orders", {"migrate": lambda: os.kill(os.getpid(), signal.SIGTERM)})
    assert left.value.code == 143


def test_other_errors_stay_tracebacks(monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(sys, "argv", ["orders", "work"])
    with pytest.raises(ZeroDivisionError):
        run("orders", {"work": work})
