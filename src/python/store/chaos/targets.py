"""What can be harmed in a store of our own: each of its processes, with everything below it."""

import random
import threading
import time
from abc import ABC, abstractmethod

import psycopg2
import requests

from store.chaos.processes import Standstill, kill_a_child, title
from store.database.postgres import Server
from store.devstack import databases
from store.devstack.output import Output
from store.devstack.process_tree import children_of
from store.devstack.readiness import why_not
from store.devstack.runner import STOP_SECONDS, Program, Runner

ANSWER_SECONDS = 3


class Victim(ABC):
    """What can be killed, stalled, ended and started again: a process with its descendants, or a pod.

    Every deed returns when it is done, may come from any thread, and does nothing where there is
    nothing to do: killing a dead one, starting a living one, going on without a stall.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._one_deed_at_a_time = threading.RLock()

    @property
    @abstractmethod
    def pid(self) -> int | None:
        """The number of its first process; None when it has ended."""

    @property
    def alive(self) -> bool:
        """Whether its process exists, be it stalled or not."""
        return self.pid is not None

    @property
    @abstractmethod
    def stalled(self) -> bool:
        """Whether it stands still."""

    @abstractmethod
    def kill(self) -> None:
        """kill -9 of the whole of it; return when all has gone."""

    @abstractmethod
    def stall(self) -> None:
        """Stop all of it in the middle of whatever it does, as a frozen machine does."""

    @abstractmethod
    def go_on(self) -> None:
        """Let all of it go on."""

    @abstractmethod
    def end(self) -> None:
        """Tell it to end as an operator would (SIGTERM; PostgreSQL: fast); return when it has."""

    @abstractmethod
    def start(self) -> None:
        """Start it again with the same address and data. It may not be ready yet."""

    @abstractmethod
    def kill_a_part(self) -> bool:
        """kill -9 of one process below the first; False if there is none."""

    @abstractmethod
    def why_not_ready(self) -> str:
        """Why it is not ready; "" when it is."""

    def is_ready(self) -> bool:
        """Whether it lives and says that it can work."""
        return not self.why_not_ready()


class Process(Victim):
    """A process of this machine, with everything below it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._standstill: Standstill | None = None

    @property
    def stalled(self) -> bool:
        return self._standstill is not None

    def kill(self) -> None:
        with self._one_deed_at_a_time:
            self.stall()
            if self._standstill is not None:
                self._standstill.kill()
                self._standstill = None
            self._bury()

    def stall(self) -> None:
        with self._one_deed_at_a_time:
            pid = self.pid
            if pid is not None and self._standstill is None:
                self._standstill = Standstill(pid)

    def go_on(self) -> None:
        with self._one_deed_at_a_time:
            if self._standstill is not None:
                self._standstill.lift()
                self._standstill = None

    def end(self) -> None:
        with self._one_deed_at_a_time:
            self.go_on()
            self._end()

    def start(self) -> None:
        with self._one_deed_at_a_time:
            if not self.alive:
                self.go_on()
                self._start()

    def kill_a_part(self) -> bool:
        with self._one_deed_at_a_time:
            pid = self.pid
            if pid is None:
                return False
            parts = [part for part in children_of({pid}) if self._is_a_part(part)]
            random.shuffle(parts)
            return kill_a_child(pid, parts)

    @abstractmethod
    def _is_a_part(self, pid: int) -> bool:
        """Whether this child of it is to be killed by `kill_a_part`."""

    @abstractmethod
    def _bury(self) -> None:
        """Clear up what a dead one leaves."""

    @abstractmethod
    def _end(self) -> None: ...

    @abstractmethod
    def _start(self) -> None: ...


class Service(Process):
    """A program that the runner has started: gunicorn with its worker, or a single process."""

    def __init__(self, program: Program, runner: Runner, ops_port: int) -> None:
        super().__init__(program.name)
        self._program, self._runner, self._ops_port = program, runner, ops_port
        self._child = runner.child(program.name)

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child.status is None else None

    def why_not_ready(self) -> str:
        if not self.alive:
            return f"it has ended (exit status {self._child.status})"
        with requests.Session() as session:
            session.trust_env = False  # a proxy has no business on the loopback
            return why_not(session, self._ops_port, ANSWER_SECONDS)

    def _is_a_part(self, _pid: int) -> bool:
        return True

    def _bury(self) -> None:
        self._child.ask_to_stop()
        self._child.wait(time.monotonic())

    def _end(self) -> None:
        self._child.ask_to_stop()
        self._child.wait(time.monotonic() + STOP_SECONDS)

    def _start(self) -> None:
        self._bury()
        self._runner.start(self._program)
        self._child = self._runner.child(self.name)


class Postgres(Process):
    """PostgreSQL: the postmaster and every process below it."""

    def __init__(self, server: Server, output: Output) -> None:
        super().__init__("postgres")
        self._server, self._output = server, output

    @property
    def pid(self) -> int | None:
        return self._server.pid

    def why_not_ready(self) -> str:
        if not self.alive:
            return "it has ended"
        try:
            url = self._server.url("postgres")
            psycopg2.connect(url, connect_timeout=ANSWER_SECONDS).close()
        except psycopg2.OperationalError:
            return "it takes no connection"
        return ""

    def keep_log(self) -> None:
        """Add what it said to the other logs: a start overwrites it."""
        with self._server.log.open("rb") as lines:
            self._output.relay(self.name, lines)

    def _is_a_part(self, pid: int) -> bool:
        # "postgres: orders orders [local] idle" serves a client, "postgres: checkpointer" does not.
        return "[local]" in title(pid)

    def _bury(self) -> None:
        databases.stop(self._server)

    def _end(self) -> None:
        databases.stop(self._server)

    def _start(self) -> None:
        """Return when it takes connections: recovery has ended by then."""
        self.keep_log()
        databases.start(self._server)
