"""Starts a whole store, layer upon layer: `up` starts the usual one, a proof starts one to break."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from store.cli.interrupts import Interruption
from store.devstack import accounts, demo
from store.devstack.addresses import Addresses, write_addresses
from store.devstack.databases import Databases, databases
from store.devstack.errors import ProcessFailed
from store.devstack.folder import Folder
from store.devstack.mails import serve_mails
from store.devstack.output import Output
from store.devstack.ports import Ports
from store.devstack.programs import Programs, Redirect, no_redirect
from store.devstack.readiness import raise_if_dead, wait_until_ready
from store.devstack.rest import Rest
from store.devstack.runner import Program, Runner, python_environ
from store.devstack.secrets_file import Secrets, read_or_make


@dataclass(frozen=True)
class RunningStore:
    """All that has been started."""

    secrets: Secrets
    databases: Databases
    programs: Programs
    runner: Runner

    def raise_if_dead(self) -> None:
        """Trouble if something has ended by itself; PostgreSQL first, since its end ends others."""
        self.databases.refuse_if_dead()
        raise_if_dead(self.runner)


class Startup:
    """The start of one store: Interruption as soon as `stopping` says so."""

    def __init__(
        self,
        folder: Folder,
        ports: Ports,
        output: Output,
        stopping: Callable[[], bool] = lambda: False,
        redirect: Redirect = no_redirect,
    ) -> None:
        self._folder, self._ports, self._output = folder, ports, output
        self._stopping, self._redirect = stopping, redirect

    def start(self, started: ExitStack, *, fresh: bool = False) -> RunningStore:
        """Return when all is ready; leaving `started` takes it down in the opposite order."""
        started.callback(self._folder.release)
        self._folder.hold()
        self._ports.check_free()
        if fresh:
            self._folder.clear()
        running = self._layers(started)
        self._start_programs(running)
        if not self._folder.has_demo:
            self._make_demo(running.secrets)
        return running

    def _layers(self, started: ExitStack) -> RunningStore:
        secrets = read_or_make(self._folder.secrets)
        self._output.say("starting PostgreSQL")
        made = started.enter_context(databases(self._folder.database.settle()))
        write_addresses(self._folder.addresses, Addresses.of(self._ports, made.urls))
        mails = serve_mails(self._folder.mails, self._ports.mail)
        started.callback(mails.stop)
        runner = Runner(self._output, self._folder.lock)
        started.callback(runner.stop)
        # Those that call others stop first, while the others still answer.
        callers = (*self._ports.orders_apis, *self._ports.orders_workers)
        started.callback(runner.stop, callers)
        environ = python_environ(Path.cwd())
        programs = Programs(self._ports, secrets, made.urls, environ, self._redirect)
        return RunningStore(secrets, made, programs, runner)

    def _start_programs(self, running: RunningStore) -> None:
        programs, runner = running.programs, running.runner
        self._output.say("bringing the databases up to date")
        self._finish(runner, programs.migrations())
        self._output.say(f"starting the {len(self._ports.processes)} processes of the store")
        for program in programs.servers():
            runner.start(program)
        if not self._folder.has_demo:
            admin = programs.make_admin(accounts.ADMIN, running.secrets.admin_password)
            self._finish(runner, [admin])
        wait_until_ready(self._ports, runner, self._output, self._stopping)
        self._go_on()

    def _finish(self, runner: Runner, programs: Iterable[Program]) -> None:
        """Run programs side by side to their ends."""
        failed = runner.finish(programs, self._stopping)
        self._go_on()
        for name, status in failed.items():
            raise ProcessFailed(name, status)

    def _make_demo(self, secrets: Secrets) -> None:
        inventory = self._ports.url("inventory")
        with Rest() as rest:
            token = accounts.log_in_as_staff(rest, self._ports, secrets)
            self._output.say("loading the demo catalogue")
            for part in demo.parts():
                self._go_on()
                self._output.detail(f"loading {part.stem}")
                demo.load(rest, inventory, token, part)
        self._folder.note_demo()

    def _go_on(self) -> None:
        if self._stopping():
            raise Interruption
