"""One container of Docker's: created once, started and ended as often as one likes."""

import contextlib
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from store.chaos.containers.arguments import Creation
from store.chaos.containers.docker import Refused, docker, logs_of
from store.chaos.processes import Held
from store.cli.errors import CannotProve

LAST_LINES = 15
WAIT_SECONDS = 60.0
PAUSING_TRIES, PAUSING_SECONDS = 3, 0.3


class Failed(CannotProve):
    def __init__(self, what: str, ended: str, said: str) -> None:
        super().__init__(f"{what} {ended}; what it said last:\n{said}")


class Engine:
    """The container, by its name. Deeds come one at a time."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lives = 0
        self._held: Held | None = None
        self._lock = threading.Lock()

    def create(self, creation: Creation) -> None:
        """Make it, without starting it."""
        docker(*creation.arguments, environ=creation.environ)

    def start(self) -> None:
        """Start it, again if need be."""
        if self.lives:
            self.wait()  # it may be dead before Docker has noticed
        docker("start", self.name)
        pid = int(docker("inspect", self.name, "--format", "{{.State.Pid}}"))
        with self._lock:
            self._let_go()
            self._held = _held(pid)
            self.lives += 1

    @property
    def pid(self) -> int | None:
        """The number of its first process, as the host counts; None when it has ended."""
        with self._lock:
            if self._held is None or self._held.has_gone():
                return None
            return self._held.pid

    def wait(self, seconds: float = WAIT_SECONDS) -> int:
        """Its exit status, when it has ended; Refused if it does not in time."""
        return int(docker("wait", self.name, seconds=seconds))

    def end_well(self, what: str, seconds: float) -> None:
        """Return when it has ended with status 0; Failed if it does not, with what it said last."""
        try:
            ended = f"ended with status {status}" if (status := self.wait(seconds)) else ""
        except Refused:
            ended = f"did not end within {seconds:.0f} s"
        if ended:
            raise Failed(what, ended, self.last_words())

    def last_words(self) -> str:
        """What it said last."""
        return logs_of(self.name, LAST_LINES).decode(errors="replace").rstrip()

    def deed(self, verb: str, arguments: Sequence[str] = (), seconds: float = 120.0) -> None:
        """`docker VERB` to it."""
        docker(verb, *arguments, self.name, seconds=seconds)

    def pause(self) -> None:
        """Freeze it, at the second or third try if need be: a command that runs in it may be in the way."""
        for left in reversed(range(PAUSING_TRIES)):
            try:
                return self.deed("pause")
            except Refused:
                if not left:
                    raise
                time.sleep(PAUSING_SECONDS)
        return None

    def remove(self, logs: Path) -> None:
        """Remove it, dead or alive, and keep what it has said in a file."""
        with logs.open("ab") as file:
            file.write(logs_of(self.name))
        with contextlib.suppress(Refused):  # it may never have been made
            docker("rm", "--force", "--volumes", self.name)
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        if self._held:
            self._held.close()
            self._held = None


def _held(pid: int) -> Held | None:
    try:
        return Held(pid) if pid else None
    except ProcessLookupError:
        return None
