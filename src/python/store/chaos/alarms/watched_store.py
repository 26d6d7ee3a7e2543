"""A store of our own that a Prometheus of our own watches, with our configuration and our rules."""

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from store.chaos.own_store import OwnStore
from store.database.child_process import ChildProcess
from store.devstack.accounts import ADMIN, STAFF
from store.devstack.errors import NotReady
from store.devstack.output import Output
from store.devstack.ports import HOST, Ports
from store.devstack.programs import Redirect, no_redirect
from store.devstack.rest import Rest
from store.devstack.runner import python_environ
from store.loadtest.target import Credentials, Target
from store.monitoring.programs import GRAFANA
from store.monitoring.prometheus import Prometheus
from store.monitoring.targets import targets_json
from store.monitoring.time_lapse import TARGETS, Limits, time_lapse

SCRAPE_SECONDS = 15.0  # of our configuration, before it runs faster
AUDIT_EVERY_SECONDS = 2
POLL_INTERVAL_SECONDS = 0.1
STOP_SECONDS = 30.0


class WatchedStore:
    """Within the block all processes of `store` are scraped, the auditor among them.

    Backups are expected of it, as of a release of the chart. `factor` says how much faster than usual
    Prometheus scrapes, evaluates and forgets; `limits` are what alerts compare ages with, which are
    real seconds at any speed.
    """

    prometheus: Prometheus

    def __init__(
        self,
        folder: Path,
        base: int,
        *,
        apis: int = 1,
        workers: int = 1,
        factor: float,
        output: Output,
        limits: Limits | None = None,
        redirect: Redirect = no_redirect,
    ) -> None:
        self.factor = factor
        self.ports = Ports(base, apis, workers, monitored=True)
        self.store = OwnStore(
            folder / "store",
            base,
            apis=apis,
            workers=workers,
            output=output,
            redirect=lambda name: {"BACKUPS_EXPECTED": "true", **redirect(name)},
        )
        self._prometheus_folder = folder / "watch"
        self._prometheus_open = ExitStack()
        self._limits = limits
        self._started = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as started:
            started.enter_context(self.store)
            self._start_auditor(started)
            time_lapse(GRAFANA, self._prometheus_folder, self.factor, self._limits)
            ops = {name: f"{HOST}:{self.ports.ops(name)}" for name in self.ports.scraped}
            (self._prometheus_folder / TARGETS / "store.json").write_text(targets_json(ops))
            started.callback(self._prometheus_open.close)
            self.restart_prometheus()
            self._started = started.pop_all()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._started.close()

    def restart_prometheus(self) -> None:
        """Replace Prometheus by another one without a past; return when it has scraped each process."""
        self._prometheus_open.close()
        self.prometheus = self._prometheus_open.enter_context(Prometheus(self._prometheus_folder))
        self.wait_for_a_scrape()

    @property
    def scrape_seconds(self) -> float:
        """How often every process is scraped."""
        return SCRAPE_SECONDS / self.factor

    @property
    def target(self) -> Target:
        """The store as buyers see it."""
        store = self.store
        staff = Credentials(STAFF, store.secrets.staff_password)
        urls = (store.users_url, store.inventory_url, store.orders_urls)
        return Target(*urls, staff, store.secrets.replay)

    def tokens(self) -> tuple[str, str]:
        """Access tokens of the staff and of the admin."""
        users, secrets = self.store.users_url, self.store.secrets
        with Rest() as rest:
            staff = rest.log_in(users, STAFF, secrets.staff_password)
            return staff, rest.log_in(users, ADMIN, secrets.admin_password)

    def metrics_url(self, process: str) -> str:
        """Where one process exposes its metrics."""
        return f"http://{HOST}:{self.ports.ops(process)}/metrics"

    def wait_for_a_scrape(self) -> None:
        """Return when Prometheus has scraped everything that has been counted by now."""
        now = time.time()
        self.wait(lambda: self._scraped_since(now), 30, "a scrape of every process")

    def wait(self, condition: Callable[[], object], seconds: float, what: str) -> None:
        """Return when the condition holds; NotReady if it does not in time."""
        give_up = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > give_up:
                raise NotReady(what, seconds, "it did not happen")
            time.sleep(POLL_INTERVAL_SECONDS)

    def _scraped_since(self, moment: float) -> bool:
        """A scrape that began after the moment: its sample has the time of the begin."""
        times = [sample.value for sample in self.prometheus.query("timestamp(up) * (up == 1)")]
        return len(times) == len(self.ports.scraped) and min(times) > moment

    def _start_auditor(self, started: ExitStack) -> None:
        audit = ["audit", "--every", str(AUDIT_EVERY_SECONDS), "--data", str(self.store.folder)]
        port = ["--ops-port", str(self.ports.ops("audit"))]
        environ = {**python_environ(Path.cwd()), "BIND": HOST, "LOG_FORMAT": "text"}
        with (self.store.logs / "audit.log").open("wb") as log:
            command = [sys.executable, "-m", "store.proof.main", *audit, *port]
            process = ChildProcess(command, signal="TERM", log=log, who={"env": environ})
        started.callback(process.end, STOP_SECONDS)
