"""`./pants up`: the whole store on this machine."""

import signal
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from store.local import accounts, demo
from store.local.addresses import Addresses, write_addresses
from store.local.databases import Databases, databases
from store.local.errors import Failed
from store.local.folder import Folder
from store.local.mails import serve_mails
from store.local.output import Output
from store.local.ports import Ports
from store.local.programs import CALLERS, Programs
from store.local.readiness import refuse_the_dead, wait_until_ready
from store.local.rest import Rest
from store.local.runner import Program, Runner, python_environ
from store.local.secrets_file import Secrets, read_or_make

LOOK_SECONDS = 0.2


class Stopped(Exception):
    """Somebody pressed Ctrl-C before the store was ready."""


class Up:
    """One store, from its start to its end."""

    def __init__(self, folder: Folder, ports: Ports, output: Output) -> None:
        self._folder, self._ports, self._output = folder, ports, output
        self._stop = threading.Event()

    def run(self, fresh: bool, when_ready: Callable[[Secrets], None]) -> None:
        """Start everything, then run until Ctrl-C, SIGTERM or the end of a process."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self._stop.set())
        with ExitStack() as started:
            try:
                running, secrets = self._start(started, fresh)
                when_ready(secrets)
                while not self._stop.wait(LOOK_SECONDS):
                    running.refuse_the_dead()
            except Stopped:
                pass
            self._output.say("stopping")
        self._output.say("stopped; ./pants up starts it again with its data")

    def _start(self, started: ExitStack, fresh: bool) -> tuple["Running", Secrets]:
        """Layer upon layer; leaving `started` takes them down in the opposite order."""
        started.callback(self._folder.let_go)
        self._folder.hold()
        self._ports.check_free()
        if fresh:
            self._folder.clear()
        secrets = read_or_make(self._folder.secrets)
        self._output.say("starting PostgreSQL")
        made = started.enter_context(databases(self._folder.database))
        write_addresses(self._folder.addresses, Addresses(self._ports.base, made.urls))
        mails = serve_mails(self._folder.mails, self._ports.mail)
        started.callback(mails.stop)
        runner = Runner(self._output, self._folder.lock)
        started.callback(runner.stop)
        started.callback(runner.stop, CALLERS)
        self._start_programs(runner, secrets, made.urls)
        return Running(runner, made), secrets

    def _start_programs(self, runner: Runner, secrets: Secrets, urls: Mapping[str, str]) -> None:
        programs = Programs(self._ports, secrets, urls, python_environ(Path.cwd()))
        for program in programs.migrations():
            self._finish(runner, program)
        for program in programs.servers():
            runner.start(program)
        wait_until_ready(self._ports, runner, self._output, self._stop.is_set)
        self._go_on()
        if not self._folder.has_demo:
            self._finish(runner, programs.make_admin(accounts.ADMIN, secrets.admin_password))
            self._make_demo(secrets)

    def _finish(self, runner: Runner, program: Program) -> None:
        """Run a program to its end."""
        status = runner.finish(program, self._stop.is_set)
        self._go_on()
        if status:
            raise Failed(program.name, status)

    def _make_demo(self, secrets: Secrets) -> None:
        inventory = self._ports.url("inventory")
        with Rest() as rest:
            token = accounts.log_in_as_staff(rest, self._ports, secrets)
            for part in demo.parts():
                self._go_on()
                self._output.say(f"loading {part.stem}")
                demo.load(rest, inventory, token, part)
        self._folder.note_demo()

    def _go_on(self) -> None:
        if self._stop.is_set():
            raise Stopped


@dataclass(frozen=True)
class Running:
    """All that has been started."""

    runner: Runner
    databases: Databases

    def refuse_the_dead(self) -> None:
        """Trouble if something has ended by itself; PostgreSQL first, since its end ends others."""
        self.databases.refuse_if_dead()
        refuse_the_dead(self.runner)
