"""Runs the store's processes: prefixed output, orderly stop, and none survives this process.

Each child is guarded by the same small shell script as PostgreSQL is: it ends the child when our end
of a pipe closes, which the kernel does even when we are killed.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from store.database.child_process import guarded
from store.devstack.output import Output

POLL_INTERVAL_SECONDS = 0.02
LAST_WORDS_SECONDS = 1.0  # a descendant that lives on may keep the pipe open
STOP_SECONDS = 35.0  # a server finishes what is in hand within 30 s

_PASSED_ON = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LOG_LEVEL", "VERSION"),
    # Where build-support/run-program wants modules to come from, and their bytecode to lie.
    *("PYTHONSAFEPATH", "PYTHONPYCACHEPREFIX"),
)


@dataclass(frozen=True)
class Program:
    """One process to run: what it is called, what to start, and with which environment.

    The environment holds secrets and is left out of the repr.
    """

    name: str
    command: Sequence[str]
    environ: Mapping[str, str] = field(repr=False)


class Child:
    """A program that runs."""

    def __init__(self, program: Program, output: Output, lock: int) -> None:
        self.name = program.name
        self._output = output
        self._process = subprocess.Popen(
            guarded(program.command, signal="TERM"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(program.environ),
            # Ctrl-C in a terminal goes to the whole group: we pass it on, in our order.
            start_new_session=True,
            pass_fds=(lock,),
        )
        self._reader = threading.Thread(target=self._relay, daemon=True)
        self._reader.start()
        self._gone = False

    @property
    def pid(self) -> int:
        """The number of its process, and of the process group of its descendants."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """The exit status; None while it runs."""
        return self._process.poll()

    def ask_to_stop(self) -> None:
        """Send SIGTERM, by closing the pipe."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    def wait(self, give_up: float) -> None:
        """Return once it and its descendants have ended; kill what is left at `give_up` (monotonic)."""
        if self._gone:
            return  # its number may be somebody else's by now
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(max(give_up - time.monotonic(), 0.0))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join()
        self._gone = True

    def recall(self) -> None:
        """Show what it said last, once it has ended."""
        self._reader.join(LAST_WORDS_SECONDS)
        self._output.recall(self.name)

    def _relay(self) -> None:
        if self._process.stdout is not None:
            with self._process.stdout as lines:
                self._output.relay(self.name, lines)


class Runner:
    """The processes of one store."""

    def __init__(self, output: Output, lock: int) -> None:
        self._output = output
        self._lock = lock
        self._children: dict[str, Child] = {}

    def start(self, program: Program) -> None:
        """Start it; whatever ran under its name before must have ended."""
        self._children[program.name] = Child(program, self._output, self._lock)

    def child(self, name: str) -> Child:
        """The one that was started last under this name."""
        return self._children[name]

    def finish(
        self, programs: Iterable[Program], stopping: Callable[[], bool]
    ) -> Mapping[str, int]:
        """Run programs side by side to their ends, or stop them if we are to stop; who failed how."""
        children = [Child(program, self._output, self._lock) for program in programs]
        while any(child.status is None for child in children) and not stopping():
            time.sleep(POLL_INTERVAL_SECONDS)
        _end(children)
        failed = [child for child in children if child.status]
        if not stopping():
            for child in failed:
                child.recall()
        return {child.name: child.status for child in failed if child.status}

    def dead(self) -> Child | None:
        """One that has ended although nobody asked it to."""
        running = list(self._children.values())
        return next((child for child in running if child.status is not None), None)

    def stop(self, names: Iterable[str] | None = None) -> None:
        """Stop these together (all by default) and return when they have gone."""
        chosen = [name for name in names or self._children if name in self._children]
        _end([self._children.pop(name) for name in chosen])


def _end(children: Sequence[Child]) -> None:
    give_up = time.monotonic() + STOP_SECONDS
    for child in children:
        child.ask_to_stop()
    for child in children:
        child.wait(give_up)


def python_environ(root: Path) -> dict[str, str]:
    """What a child needs of our environment to run the same code: no other variable gets through.

    OTEL_ variables do: they switch traces on.
    """
    return {
        **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        **{name: text for name, text in os.environ.items() if name.startswith("OTEL_")},
        "PYTHONPATH": python_path(root),
        "PYTHONUNBUFFERED": "1",
    }


def python_path(root: Path) -> str:
    """Our own sys.path for a child, absolute."""
    return os.pathsep.join(str(root / path) for path in sys.path if path)
