"""The targets of faults: each process of a store of our own, with everything below it."""

import random
import threading
import time
from abc import ABC, abstractmethod

import psycopg2
import requests

from store.chaos.processes import FrozenTree, command_line, kill_one_child
from store.database.postgres import Server
from store.devstack import databases
from store.devstack.output import Output
from store.devstack.process_tree import children_of
from store.devstack.readiness import why_not
from store.devstack.runner import STOP_SECONDS, Program, Runner

ANSWER_SECONDS = 3


class FaultTarget(ABC):
    """What can be killed, stalled, ended and started again: a process with its descendants, or a pod.

    Every method returns when it is done, may be called by any thread, and does nothing where there is
    nothing to do: killing a dead one, starting a living one, resuming without a stall.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.RLock()

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
    def stalled(self) -> bool: ...

    @abstractmethod
    def kill(self) -> None:
        """kill -9 of the whole of it; return when all has gone."""

    @abstractmethod
    def stall(self) -> None:
        """Stop all of it in the middle of whatever it does, as a frozen machine does."""

    @abstractmethod
    def resume(self) -> None:
        """Let all of it go on."""

    @abstractmethod
    def end(self) -> None:
        """End it as an operator would (SIGTERM; PostgreSQL: fast); return when it has."""

    @abstractmethod
    def start(self) -> None:
        """Start it again with the same address and data. It may not be ready yet."""

    @abstractmethod
    def kill_child(self) -> bool:
        """kill -9 of one process below the first; False if there is none."""

    @abstractmethod
    def why_not_ready(self) -> str:
        """Why it is not ready; "" when it is."""

    def is_ready(self) -> bool:
        """Whether it lives and says that it can work."""
        return not self.why_not_ready()


class LocalProcess(FaultTarget):
    """A process of this machine, with everything below it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._frozen: FrozenTree | None = None

    @property
    def stalled(self) -> bool:
        return self._frozen is not None

    def kill(self) -> None:
        with self._lock:
            self.stall()
            if self._frozen is not None:
                self._frozen.kill()
                self._frozen = None
            self._clean_up()

    def stall(self) -> None:
        with self._lock:
            pid = self.pid
            if pid is not None and self._frozen is None:
                self._frozen = FrozenTree(pid)

    def resume(self) -> None:
        with self._lock:
            if self._frozen is not None:
                self._frozen.resume()
                self._frozen = None

    def end(self) -> None:
        with self._lock:
            self.resume()
            self._end()

    def start(self) -> None:
        with self._lock:
            if not self.alive:
                self.resume()
                self._start()

    def kill_child(self) -> bool:
        with self._lock:
            pid = self.pid
            if pid is None:
                return False
            children = [child for child in children_of({pid}) if self._does_work(child)]
            random.shuffle(children)
            return kill_one_child(pid, children)

    @abstractmethod
    def _does_work(self, pid: int) -> bool:
        """Whether this child of it may be killed by `kill_child`."""

    @abstractmethod
    def _clean_up(self) -> None:
        """Clear up what a dead one leaves."""

    @abstractmethod
    def _end(self) -> None: ...

    @abstractmethod
    def _start(self) -> None: ...


class ServiceProcess(LocalProcess):
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

    def _does_work(self, _pid: int) -> bool:
        return True

    def _clean_up(self) -> None:
        self._child.ask_to_stop()
        self._child.wait(time.monotonic())

    def _end(self) -> None:
        self._child.ask_to_stop()
        self._child.wait(time.monotonic() + STOP_SECONDS)

    def _start(self) -> None:
        self._clean_up()
        self._runner.start(self._program)
        self._child = self._runner.child(self.name)


class PostgresProcess(LocalProcess):
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
            return "it accepts no connection"
        return ""

    def keep_log(self) -> None:
        """Add its log to the other logs: a start overwrites it."""
        with self._server.log.open("rb") as lines:
            self._output.relay(self.name, lines)

    def _does_work(self, pid: int) -> bool:
        # "postgres: orders orders [local] idle" serves a client, "postgres: checkpointer" does not.
        return "[local]" in command_line(pid)

    def _clean_up(self) -> None:
        databases.stop(self._server)

    def _end(self) -> None:
        databases.stop(self._server)

    def _start(self) -> None:
        """Return when it accepts connections: recovery has ended by then."""
        self.keep_log()
        databases.start(self._server)
