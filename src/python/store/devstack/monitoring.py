"""What watches a store on a laptop: Prometheus, an auditor, Grafana. The store goes on without them."""

import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from store.devstack.folder import Folder
from store.devstack.output import Output
from store.devstack.ports import HOST, Ports
from store.devstack.runner import Program, Runner, python_environ
from store.monitoring.grafana import LocalGrafana, grafana_program
from store.monitoring.programs import GRAFANA, CannotWatch, LocalPrometheus, prometheus_program
from store.monitoring.targets import targets_json

AUDIT_EVERY_SECONDS = 60


@dataclass
class MonitoringStatus:
    """Where to look: addresses by name, dashboards by title; and what is missing, in a line each."""

    addresses: dict[str, str] = field(default_factory=dict)
    dashboards: Mapping[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


class MonitoringPrograms:
    """The programs that watch one store, which has been started; none unless it is `monitored`."""

    def __init__(self, folder: Folder, ports: Ports, output: Output) -> None:
        self._folder, self._ports, self._output = folder, ports, output
        self._runner = Runner(output, folder.lock)
        self._environ = python_environ(Path.cwd())
        self._prometheus = LocalPrometheus(folder.prometheus, f"{HOST}:{ports.prometheus}")
        self._grafana = LocalGrafana(
            folder.grafana, GRAFANA, HOST, ports.grafana, self._prometheus.url
        )

    def start(self, started: ExitStack) -> MonitoringStatus:
        """Start what is installed; leaving `started` stops it."""
        watched = MonitoringStatus()
        if not self._ports.monitored:
            return watched
        started.callback(self._runner.stop)
        self._runner.start(self._auditor())
        for start in (self._start_prometheus, self._start_grafana):
            try:
                start(watched)
            except CannotWatch as missing:
                watched.missing.append(str(missing))
        return watched

    def report_dead(self) -> None:
        """Say which has ended by itself, once: the store is not taken down for it."""
        while (dead := self._runner.dead()) is not None:
            dead.recall()
            self._runner.stop([dead.name])
            self._output.say(
                f"{dead.name} ended by itself (exit status {dead.status}); what it said last stands "
                "above. The store goes on without it."
            )

    def _auditor(self) -> Program:
        """Started, not imported: the proof stands above us."""
        audit = ["audit", "--every", str(AUDIT_EVERY_SECONDS), "--data", str(self._folder.path)]
        port = str(self._ports.ops("audit"))
        return Program(
            "audit",
            [sys.executable, "-m", "store.proof.main", *audit, "--ops-port", port],
            {**self._environ, "BIND": HOST, "LOG_FORMAT": "text"},
        )

    def _start_prometheus(self, watched: MonitoringStatus) -> None:
        command = self._prometheus.command(prometheus_program())
        processes = {name: f"{HOST}:{self._ports.ops(name)}" for name in self._ports.scraped}
        self._prometheus.set_up(GRAFANA, targets_json(processes))
        self._runner.start(Program("prometheus", command, self._environ))
        watched.addresses["prometheus"] = self._prometheus.url

    def _start_grafana(self, watched: MonitoringStatus) -> None:
        command = self._grafana.command(grafana_program())
        environ = {**self._environ, **self._grafana.environ()}
        self._runner.start(Program("grafana", command, environ))
        watched.addresses["grafana"] = self._grafana.url
        watched.dashboards = self._grafana.dashboards()
