"""Runs our programs as people do, for tests."""

import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType

from store.devstack import main as program
from store.devstack.runner import python_environ
from store.devstack.welcome import READY
from store.testing.wait import wait_for

READY_SECONDS = 120


class UpProcess:
    """An `up` in a process of its own, and what it has said so far."""

    def __init__(self, data: Path, base: int, *options: str) -> None:
        where = ["--data", str(data), "--port-base", str(base)]
        self.process = subprocess.Popen(
            [*_python(program), "up", *where, *options],
            env=python_environ(Path.cwd()),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def wait_until_ready(self) -> None:
        """Return when all is printed; an assertion with everything it said if it ends before."""
        wait_for(lambda: self.has_said("the data stays.") or self.ended, READY_SECONDS)
        assert READY in self.lines, "\n".join(self.lines)

    def has_said(self, text: str) -> bool:
        return any(text in line for line in self.lines)

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def end(self, number: signal.Signals) -> int:
        """Send a signal; the exit status."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """The exit status, once it has ended and all it said has been read."""
        status = self.process.wait(60)
        self._reader.join(10)
        return status

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as said:
            self.lines.extend(line.rstrip("\n") for line in iter(said.readline, ""))


def run(module: ModuleType, *arguments: str, status: int = 0) -> str:
    """What a command of ours prints; it has to end with this exit status."""
    done = subprocess.run(
        [*_python(module), *arguments],
        env=python_environ(Path.cwd()),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def _python(module: ModuleType) -> list[str]:
    return [sys.executable, "-m", module.__name__]
