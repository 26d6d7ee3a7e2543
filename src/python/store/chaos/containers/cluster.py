"""A release that runs as containers on this machine, from its rendered objects, as in a cluster.

with Cluster(logs) as cluster:
    cluster.apply(render({"image": {"tag": "dev"}}))
    cluster.wait_until_ready(60)
    requests.get(cluster.url("store-inventory") + "/v1/products")
"""

import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from store.chaos.containers.cleanup import remove_all
from store.chaos.containers.config_objects import ConfigObjects
from store.chaos.containers.manifest import UnsupportedManifest
from store.chaos.containers.network import Network
from store.chaos.containers.pods import RunningPod
from store.chaos.containers.scheduler import PodScheduler
from store.chaos.containers.services import ClusterServices
from store.charttest.objects import Object, Objects, Pod
from store.cli.errors import CannotProve

MAX_PARALLEL = 4
POLL_INTERVAL_SECONDS = 0.1
JOB_SECONDS = 120.0
RETRY_SECONDS = 1.0
WORKLOADS = ("StatefulSet", "Deployment")


class Cluster:
    """Runs what is given to `apply`, within the block; nothing of it is left behind.

    All pods have addresses of one network, which this machine reaches, too. Services of Deployments
    lead to ready pods only. The log of each pod is in `logs` when it has gone. No NetworkPolicy is
    enforced here.
    """

    def __init__(self, logs: Path, namespace: str = "store") -> None:
        self.logs = logs
        self.network, self.configs = Network(), ConfigObjects()
        self.services = ClusterServices(self.network, namespace, lambda: self.pods)
        self._scheduler = PodScheduler(self.network, self.services, self.configs, logs, namespace)
        self._pods: dict[str, list[RunningPod]] = defaultdict(list)
        self._jobs: list[RunningPod] = []
        self._all_pods: list[RunningPod] = []
        self._lock = threading.Lock()
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self.logs.mkdir(parents=True, exist_ok=True)
        with ExitStack() as opened:
            opened.enter_context(self.network)
            opened.callback(remove_all, self.network.label)
            opened.enter_context(self.services.running())
            opened.callback(self._remove_all)
            self._open = opened.pop_all()
        return self

    def __exit__(self, *exc: Any) -> None:
        self._open.__exit__(*exc)

    @property
    def pods(self) -> Sequence[RunningPod]:
        """All that serve, of all workloads."""
        with self._lock:
            return [pod for pods in self._pods.values() for pod in pods]

    @property
    def all_pods(self) -> Sequence[RunningPod]:
        """Every pod that there has ever been."""
        with self._lock:
            return [*self._all_pods]

    @property
    def everything(self) -> Sequence[RunningPod]:
        """The pods of Jobs that run just now, too."""
        with self._lock:
            jobs = [*self._jobs]
        return [*self.pods, *jobs]

    def pods_of(self, workload: str) -> Sequence[RunningPod]:
        """Those of a Deployment or StatefulSet, oldest first."""
        with self._lock:
            return [*self._pods[workload]]

    def url(self, service: str) -> str:
        """Where this machine reaches the Service of a Deployment."""
        return self.services.url(service)

    def add(self, objects: Objects) -> None:
        """Add what a rendering has besides workloads; a Secret that is there stays as it is."""
        self.configs.add(objects)
        self.services.add(objects)

    def apply(self, objects: Objects) -> None:
        """Start what is missing of every workload, and run every Job, all at once; no hooks.

        Return when all have been started and the Jobs have ended well. Pods that run stay as they are.
        """
        self.add(objects)
        sets = [each for each in objects.of(*WORKLOADS) if not each.hooks]
        jobs = [each for each in objects.of("Job") if not each.hooks]
        with (
            ThreadPoolExecutor(MAX_PARALLEL) as starting,
            ThreadPoolExecutor(len(jobs) + 1) as running,
        ):
            started = [starting.submit(self.start_pod, each) for each in self._missing(sets)]
            ended = [running.submit(self.run, each) for each in jobs]
            for pod in started:
                pod.result()
            for job in ended:
                job.result()

    def start_pod(self, workload: Object) -> RunningPod:
        """One more pod of a workload, started; it is ready later."""
        pod = self._scheduler.pod(_template(workload))
        with self._lock:
            self._pods[workload.name].append(pod)
            self._all_pods.append(pod)
        pod.create()
        pod.start()
        return pod

    def stop_pod(self, pod: RunningPod) -> None:
        """End a pod in order and remove it: its traffic, preStop, SIGTERM and its grace."""
        pod.end()
        self._forget(pod)

    def run(self, job: Object) -> None:
        """Run a Job or a bare Pod to its end, again as often as it allows; ContainerFailed with its last lines.

        The pods of a CronJob run as one Job, now.
        """
        spec = job.spec.get("jobTemplate", {}).get("spec") or job.spec
        seconds = min(JOB_SECONDS, spec.get("activeDeadlineSeconds") or JOB_SECONDS)
        tries = 1 + (spec.get("backoffLimit", 6) if job.kind != "Pod" else 0)
        for left in reversed(range(tries)):
            try:
                return self._run_once(job, seconds)
            except CannotProve:
                if not left:
                    raise
                time.sleep(RETRY_SECONDS)
        return None

    def wait_until_ready(self, seconds: float, pods: Iterable[RunningPod] | None = None) -> None:
        """Return when these pods, or all, are ready; CannotProve names one that is not, and why."""
        give_up = time.monotonic() + seconds
        for pod in self.pods if pods is None else pods:
            while reason := pod.why_not_ready():
                if time.monotonic() > give_up:
                    raise CannotProve(
                        f"{pod.name} is not ready after {seconds:.0f} s: {reason}; "
                        f"its last lines:\n{pod.last_lines()}"
                    )
                time.sleep(POLL_INTERVAL_SECONDS)

    def misbehaviours(self) -> Iterator[str]:
        """A sentence for each pod that Kubernetes would have had to kill."""
        for pod in self.all_pods:
            if pod.overstayed:
                yield f"{pod.name} did not end within its grace"
            for killing in pod.killings:
                yield f"Kubernetes would have killed {pod.name}: {killing}"

    def _missing(self, workloads: Iterable[Object]) -> Iterable[Object]:
        for each in workloads:
            replicas = each.spec.get("replicas", 1)
            yield from [each] * (replicas - len(self.pods_of(each.name)))

    def _run_once(self, job: Object, seconds: float) -> None:
        pod = self._scheduler.pod(_template(job))
        with self._lock:
            self._jobs.append(pod)
            self._all_pods.append(pod)
        try:
            pod.create()
            pod.start()
            pod.wait(seconds)
        finally:
            with self._lock:
                self._jobs.remove(pod)
            pod.remove()

    def _forget(self, pod: RunningPod) -> None:
        with self._lock:
            self._pods[pod.template.name].remove(pod)
        pod.remove()

    def _remove_all(self) -> None:
        with ThreadPoolExecutor(MAX_PARALLEL) as pool:
            for done in [pool.submit(self._forget, pod) for pod in self.pods]:
                done.result()


def _template(workload: Object) -> Pod:
    if workload.pod is None:
        raise UnsupportedManifest(workload, "pods of it")
    return workload.pod
