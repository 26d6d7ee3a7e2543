"""A whole store of our own to break: own folder, own ports, the shipped code, real PostgreSQL."""

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from store.chaos.targets import FaultTarget, PostgresProcess, ServiceProcess
from store.cli.errors import Trouble
from store.devstack.errors import NotReady, writing_in
from store.devstack.folder import Folder
from store.devstack.output import LogFiles, Output
from store.devstack.ports import HOST, Ports
from store.devstack.programs import Redirect, no_redirect
from store.devstack.secrets_file import Secrets
from store.devstack.startup import RunningStore, Startup

POLL_INTERVAL_SECONDS = 0.1


class OwnStore:
    """Within the block it runs; whatever happens, none of its processes outlives us.

    It is ready then, with the demo catalogue and log-ins. Each process has a log of its own in
    `logs`. The folder is removed in the end, unless `keep` has been set by then.
    `redirect` gives, by the name of a process, what its environment is to say instead of the usual.
    """

    secrets: Secrets
    databases: Mapping[str, str]
    targets: Mapping[str, FaultTarget]

    def __init__(
        self,
        folder: Path,
        base: int,
        *,
        apis: int = 3,
        workers: int = 2,
        output: Output,
        redirect: Redirect = no_redirect,
        keep: bool = False,
    ) -> None:
        self.folder, self.keep = folder.absolute(), keep
        self.logs = self.folder / "logs"
        self._ports = Ports(base, apis, workers)
        self._output, self._redirect = output, redirect
        self._started = ExitStack()

    def __enter__(self) -> Self:
        self._require_an_empty_folder()
        began = time.monotonic()
        try:
            self._start()
        except BaseException:
            self._output.say(
                f"the store did not start; the logs of its processes are in {self.logs}"
            )
            self._started.close()
            raise
        self._output.say(f"a store of our own is ready after {time.monotonic() - began:.1f} s")
        return self

    def __exit__(self, *_exc: object) -> None:
        self._started.close()
        if not self.keep:
            Folder(self.folder).database.clear()
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def users_url(self) -> str:
        return self._ports.url("users")

    @property
    def inventory_url(self) -> str:
        return self._ports.url("inventory")

    @property
    def gateway_url(self) -> str:
        return self._ports.url("gateway")

    @property
    def orders_urls(self) -> tuple[str, ...]:
        """The addresses of all orders APIs."""
        return tuple(self._ports.url(name) for name in self._ports.orders_apis)

    @property
    def rpc_address(self) -> str:
        """Where inventory answers gRPC."""
        return f"{HOST}:{self._ports.inventory_rpc}"

    def wait_until_ready(self, seconds: float) -> None:
        """Return when every process says that it is ready; NotReady names one that is not."""
        give_up = time.monotonic() + seconds
        for name, target in self.targets.items():
            while reason := target.why_not_ready():
                if time.monotonic() > give_up:
                    raise NotReady(name, seconds, f"{reason}; see {self.logs / name}.log")
                time.sleep(POLL_INTERVAL_SECONDS)

    def _require_an_empty_folder(self) -> None:
        """The folder is removed in the end: it must be a new one."""
        with writing_in(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            if any(self.folder.iterdir()):
                raise Trouble(f"The folder {self.folder} is not empty: choose a new one.")

    def _start(self) -> None:
        logs = LogFiles(self.logs)
        starting = Startup(Folder(self.folder), self._ports, logs, redirect=self._redirect)
        running = starting.start(self._started)
        self.secrets, self.databases = running.secrets, running.databases.urls
        self.targets = {target.name: target for target in self._targets(running, logs)}
        for target in self.targets.values():
            # Nothing of it is needed any more, and much of it may be stalled.
            self._started.callback(target.kill)

    def _targets(self, running: RunningStore, logs: LogFiles) -> Iterator[FaultTarget]:
        postgres = PostgresProcess(running.databases.server, logs)
        self._started.callback(postgres.keep_log)
        yield postgres
        for program in running.programs.servers():
            yield ServiceProcess(program, running.runner, self._ports.ops(program.name))
