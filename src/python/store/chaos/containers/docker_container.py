"""One Docker container: created once, started and ended as often as one likes."""

import contextlib
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from store.chaos.containers.arguments import Creation
from store.chaos.containers.docker import DockerRefused, docker, logs_of
from store.chaos.processes import ProcessHandle
from store.cli.errors import CannotProve

LAST_LINES = 15
WAIT_SECONDS = 60.0
PAUSE_TRIES, PAUSE_RETRY_SECONDS = 3, 0.3


class ContainerFailed(CannotProve):
    def __init__(self, what: str, ended: str, last_lines: str) -> None:
        super().__init__(f"{what} {ended}; its last lines:\n{last_lines}")


class DockerContainer:
    """The container, by its name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lives = 0
        self._process: ProcessHandle | None = None
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
            self._release()
            with contextlib.suppress(ProcessLookupError):  # it may have ended already
                self._process = ProcessHandle(pid) if pid else None
            self.lives += 1

    @property
    def pid(self) -> int | None:
        """The number of its first process, as the host counts; None when it has ended."""
        with self._lock:
            if self._process is None or self._process.has_gone():
                return None
            return self._process.pid

    def wait(self, seconds: float = WAIT_SECONDS) -> int:
        """Its exit status, when it has ended; DockerRefused if it does not in time."""
        return int(docker("wait", self.name, seconds=seconds))

    def wait_for_success(self, what: str, seconds: float) -> None:
        """Return when it has ended with status 0; ContainerFailed, with its last lines, if it does not."""
        try:
            ended = f"ended with status {status}" if (status := self.wait(seconds)) else ""
        except DockerRefused:
            ended = f"did not end within {seconds:.0f} s"
        if ended:
            raise ContainerFailed(what, ended, self.last_lines())

    def last_lines(self) -> str:
        """The last lines of its log."""
        return logs_of(self.name, LAST_LINES).decode(errors="replace").rstrip()

    def run(self, verb: str, arguments: Sequence[str] = (), seconds: float = 120.0) -> None:
        """`docker VERB` on it."""
        docker(verb, *arguments, self.name, seconds=seconds)

    def pause(self) -> None:
        """Freeze it, at the second or third try if need be: a command that runs in it may be in the way."""
        for left in reversed(range(PAUSE_TRIES)):
            try:
                return self.run("pause")
            except DockerRefused:
                if not left:
                    raise
                time.sleep(PAUSE_RETRY_SECONDS)
        return None

    def remove(self, logs: Path) -> None:
        """Remove it, dead or alive, and append its log to a file."""
        with logs.open("ab") as file:
            file.write(logs_of(self.name))
        with contextlib.suppress(DockerRefused):  # it may never have been made
            docker("rm", "--force", "--volumes", self.name)
        with self._lock:
            self._release()

    def _release(self) -> None:
        if self._process:
            self._process.close()
            self._process = None
