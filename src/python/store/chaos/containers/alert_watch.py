"""What the release's own Prometheus saw of a run: pods scraped, rules evaluated, alerts fired."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from store.chaos.containers.cluster import WORKLOADS, Cluster
from store.chaos.containers.fast_clock import PROMETHEUS
from store.chaos.containers.pods import RunningPod
from store.charttest.objects import Objects
from store.cli.errors import CannotProve
from store.monitoring.expressions import rule_names
from store.monitoring.prometheus import Client

PORT, OPS = 9090, "ops"
POLL_INTERVAL_SECONDS = 0.5
RUN = "[1h]"  # longer than any run: its data is its own
ALERT_SECONDS = 165.0
"""After so many seconds an alert fires for what is true from now on: the longest wait of a page but for what is missing or
leaks (2 minutes), an evaluation (30 s) and a scrape (15 s)."""


@dataclass(frozen=True, order=True)
class SeenAlert:
    """An alert that fired or was pending, of so many series."""

    name: str
    severity: str
    job: str
    series: int

    def __str__(self) -> str:
        of = f", {self.job}" if self.job else ""
        times = f" {self.series} times" if self.series > 1 else ""
        return f"{self.name} ({self.severity}{of}){times}"


class AlertWatch:
    """Asks the Prometheus of a cluster that runs `objects`, whose clock runs `factor` times as fast."""

    def __init__(self, cluster: Cluster, objects: Objects, factor: float) -> None:
        self._cluster, self._factor = cluster, factor
        [pod] = objects.pods_of(PROMETHEUS)
        self._workload = pod.name
        mounted = {each["configMap"]["name"] for each in pod.volumes if "configMap" in each}
        self._rules = [*_rules_in(objects, mounted)]
        self._watched = {
            each.component for each in objects.pods if each.owner.kind in WORKLOADS and OPS in each.ports
        }  # fmt: skip

    @property
    def pod(self) -> RunningPod:
        """The pod of Prometheus: another one after each restart."""
        [pod] = self._cluster.pods_of(self._workload)
        return pod

    @property
    def alert_seconds(self) -> float:
        """After so many seconds an alert has fired for what is wrong now."""
        return ALERT_SECONDS / self._factor

    def seen(self, state: str) -> Sequence[SeenAlert]:
        """Every alert that was ever `firing` or `pending`."""
        expr = f'count by (alertname, severity, job) (count_over_time(ALERTS{{alertstate="{state}"}}{RUN}))'
        with closing(self._client()) as client:
            found = client.query(expr)
        return sorted(
            SeenAlert(
                each.labels["alertname"],
                each.labels["severity"],
                each.labels.get("job", ""),
                int(each.value),
            )
            for each in found
        )

    def scraped(self) -> set[str]:
        """The addresses of all pods that ever answered a scrape."""
        with closing(self._client()) as client:
            found = client.query(f"max_over_time(up{RUN}) == 1")
        return {each.labels["instance"].partition(":")[0] for each in found}

    def gaps(self) -> Iterator[str]:
        """A sentence for whatever was not scraped or evaluated: no alert means nothing about that."""
        yield from self._not_scraped()
        yield from self._not_evaluated()

    def missed_stall(self, pod: RunningPod) -> Iterator[str]:
        """Stall a pod: a sentence if TargetDown does not fire for it in time."""
        pod.stall()
        try:
            missed = not self._fires("TargetDown", pod)
        finally:
            pod.resume()
        if missed:
            yield f"{pod.name} was stalled for {2 * self.alert_seconds:.0f} s, and TargetDown did not fire"

    def wait_until_all_are_scraped(self, seconds: float) -> None:
        """Return when every pod that serves answers; CannotProve names those that do not."""
        give_up = time.monotonic() + seconds
        while missing := self._missing():
            if time.monotonic() > give_up:
                raise CannotProve(f"Prometheus does not reach {', '.join(missing)}.")
            time.sleep(POLL_INTERVAL_SECONDS)

    def _missing(self) -> Sequence[str]:
        with closing(self._client()) as client:
            up = {each.labels["instance"].partition(":")[0] for each in client.query("up == 1")}
        pods = (pod for pod in self._cluster.pods if pod.component in self._watched)
        return [pod.name for pod in pods if pod.address not in up]

    def _not_scraped(self) -> Iterator[str]:
        scraped = self.scraped()
        pods = [pod for pod in self._cluster.all_pods if pod.address in scraped]
        for component in sorted(self._watched - {pod.component for pod in pods}):
            yield f"Prometheus has scraped no pod of {component}"
        yield from (f"Prometheus does not scrape {name}" for name in self._missing())

    def _not_evaluated(self) -> Iterator[str]:
        with closing(self._client()) as client:
            found = client.rules()
        if sorted(rule["name"] for rule in found) != sorted(self._rules):
            yield f"Prometheus evaluates {len(found)} rules, the chart has {len(self._rules)}"
        for rule in found:
            if rule["health"] != "ok" or rule["lastEvaluation"].startswith("0001"):
                yield f"the rule {rule['name']} is not evaluated: {rule.get('lastError') or rule['health']}"

    def _fires(self, name: str, pod: RunningPod) -> bool:
        give_up = time.monotonic() + 2 * self.alert_seconds
        with closing(self._client()) as client:
            while time.monotonic() < give_up:
                for alert in client.alerts():
                    at = alert["labels"].get("instance", "").partition(":")[0]
                    if (alert["labels"]["alertname"], alert["state"], at) == (
                        name,
                        "firing",
                        pod.address,
                    ):
                        return True
                time.sleep(POLL_INTERVAL_SECONDS)
        return False

    def _client(self) -> Client:
        return Client(f"http://{self.pod.address}:{PORT}")


def _rules_in(objects: Objects, config_maps: set[str]) -> Iterator[str]:
    for each in objects.of("ConfigMap"):
        for text in each.manifest["data"].values() if each.name in config_maps else ():
            yield from rule_names(text)
