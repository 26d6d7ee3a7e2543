"""What is asked of a real Prometheus, which scrapes itself instead of a release."""

import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest

from store.chaos.containers.alert_watch import PORT, AlertWatch, SeenAlert
from store.chaos.containers.cluster import Cluster
from store.chaos.containers.pods import RunningPod
from store.charttest.objects import Object, Objects
from store.cli.errors import CannotProve
from store.database.child_process import ChildProcess
from store.monitoring.programs import prometheus_program
from store.monitoring.testing import needed

ADDRESS = "127.0.90.1"  # of the loopback: nobody else listens there on Prometheus' port
NOBODY, WORKER = "127.0.90.2", "127.0.90.3"
SECONDS = 20.0
CONFIGURATION = """
global: {scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms}
rule_files: [rules.yaml]
scrape_configs:
  - {job_name: orders, static_configs: [{targets: [ORDERS]}]}
  - {job_name: orders-work, static_configs: [{targets: [WORKER]}]}
"""
RULES = """
groups:
  - name: ours
    rules:
      - {alert: Always, expr: 'up{job="orders"} == 1', labels: {severity: page}}
      - {alert: Later, expr: 'up{job="orders"} == 1', for: 1h, labels: {severity: ticket}}
      - {alert: TargetDown, expr: up == 0, labels: {severity: page}}
      - {alert: Never, expr: up == 2, labels: {severity: page}}
"""


@dataclass
class ScrapedPod:
    """A pod with the little that is asked of it."""

    component: str
    address: str
    name: str = "pod"


class ScrapeHandler(BaseHTTPRequestHandler):
    """A process that answers a scrape with nothing, unless it is stalled."""

    stalled = threading.Event()

    def do_GET(self) -> None:
        if not self.stalled.is_set():
            self.send_response(200)
            self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


class StallablePod(ScrapedPod):
    """A pod that can be stalled."""

    def stall(self) -> None:
        ScrapeHandler.stalled.set()

    def resume(self) -> None:
        ScrapeHandler.stalled.clear()


@dataclass
class ScrapedCluster:
    all_pods: list[ScrapedPod] = field(default_factory=list)

    @property
    def pods(self) -> list[ScrapedPod]:
        return self.all_pods

    def pods_of(self, _workload: str) -> list[ScrapedPod]:
        return [ScrapedPod("prometheus", ADDRESS)]


def workload(component: str, port: str, **more: Any) -> Object:
    template = {
        "metadata": {"labels": {"app.kubernetes.io/component": component}},
        "spec": {"containers": [{"name": component, "ports": [{"name": port, "containerPort": 1}]}], **more},
    }  # fmt: skip
    metadata = {"name": f"store-{component}"}
    return Object({"kind": "Deployment", "metadata": metadata, "spec": {"template": template}})


def objects(rules: str = RULES) -> Objects:
    volumes = [{"name": "rules", "configMap": {"name": "rules"}}]
    files = {"kind": "ConfigMap", "metadata": {"name": "rules"}, "data": {"rules.yaml": rules}}
    prometheus = workload("prometheus", "web", volumes=volumes)
    return Objects([prometheus, workload("orders", "ops"), Object(files)])


def watch(*pods: ScrapedPod, rules: str = RULES, factor: float = 1) -> AlertWatch:
    return AlertWatch(cast(Cluster, ScrapedCluster([*pods])), objects(rules), factor)


@pytest.fixture(scope="module", autouse=True)
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """It runs, and has seen both alerts."""
    program, folder = needed(prometheus_program), tmp_path_factory.mktemp("prometheus")
    worker = ThreadingHTTPServer((WORKER, 0), ScrapeHandler)
    threading.Thread(target=worker.serve_forever, args=(0.02,), daemon=True).start()
    targets = {"ORDERS": f"{ADDRESS}:{PORT}", "WORKER": f"{WORKER}:{worker.server_port}"}
    Path(folder, "prometheus.yml").write_text(
        re.sub("ORDERS|WORKER", lambda name: targets[name[0]], CONFIGURATION)
    )
    Path(folder, "rules.yaml").write_text(RULES)
    where = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    with Path(folder, "log").open("wb") as log:
        command = [program, *where, f"--web.listen-address={ADDRESS}:{PORT}"]
        process = ChildProcess(command, signal="TERM", log=log, who={})
    try:
        give_up = time.monotonic() + SECONDS
        while not (_has_seen("firing") and _has_seen("pending")):
            assert time.monotonic() < give_up, Path(folder, "log").read_text()
            time.sleep(0.1)
        yield
    finally:
        process.end(SECONDS)
        worker.shutdown()
        worker.server_close()


def _has_seen(state: str) -> bool:
    try:
        return bool(watch().seen(state))
    except OSError:
        return False


def test_alerts_that_fired_and_that_were_pending_are_told_apart() -> None:
    assert watch().seen("firing") == [SeenAlert("Always", "page", "orders", 1)]
    assert watch().seen("pending") == [SeenAlert("Later", "ticket", "orders", 1)]


def test_nothing_is_wrong_if_every_pod_is_scraped_and_every_rule_is_evaluated() -> None:
    assert [*watch(ScrapedPod("orders", ADDRESS)).gaps()] == []


def test_a_workload_that_was_never_scraped_is_wrong() -> None:
    assert "Prometheus has scraped no pod of orders" in [
        *watch(ScrapedPod("orders", NOBODY)).gaps()
    ]


def test_a_pod_that_is_not_scraped_is_wrong() -> None:
    found = [*watch(ScrapedPod("orders", ADDRESS), ScrapedPod("orders", NOBODY, "orders-2")).gaps()]
    assert "Prometheus does not scrape orders-2" in found
    assert not any("no pod of orders" in each for each in found)


def test_rules_that_prometheus_does_not_evaluate_are_wrong() -> None:
    more = f"{RULES}      - {{alert: More, expr: up == 2, labels: {{severity: page}}}}\n"
    found = [*watch(ScrapedPod("orders", ADDRESS), rules=more).gaps()]
    assert "Prometheus evaluates 4 rules, the chart has 5" in found


def test_a_stalled_pod_fires_an_alert_and_goes_on() -> None:
    pod = StallablePod("orders-work", WORKER, "worker")
    assert [*watch().missed_stall(cast(RunningPod, pod))] == []
    watch(pod).wait_until_all_are_scraped(SECONDS)


def test_that_no_alert_fires_is_wrong() -> None:
    nobody = StallablePod("orders-work", NOBODY, "worker")
    (sentence,) = watch(factor=200).missed_stall(cast(RunningPod, nobody))
    assert sentence == "worker was stalled for 2 s, and TargetDown did not fire"


def test_waiting_for_a_scrape_has_an_end() -> None:
    watch(ScrapedPod("orders", ADDRESS)).wait_until_all_are_scraped(SECONDS)
    with pytest.raises(CannotProve, match=r"does not reach orders-2\."):
        watch(ScrapedPod("orders", NOBODY, "orders-2")).wait_until_all_are_scraped(0)
