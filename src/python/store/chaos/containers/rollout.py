"""How Kubernetes replaces the pods of a workload by those of a new template.

Sources: kubernetes.io/docs, "Rolling Update Deployment" and "StatefulSet: Update strategies".
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor

from store.chaos.containers.cluster import Cluster
from store.chaos.containers.manifest import NotUnderstood
from store.chaos.containers.pods import RunningPod
from store.charttest.objects import Object

READY_SECONDS = 120.0
LEAVING_AT_ONCE = 32
ONE_MORE = {"maxSurge": 1, "maxUnavailable": 0}


def roll(cluster: Cluster, workloads: Sequence[Object]) -> None:
    """Replace the pods of all of these at the same time; return when the last old one has gone.

    CannotProve if a new pod does not become ready: then the old ones that are left serve on.
    """
    with (
        ThreadPoolExecutor(LEAVING_AT_ONCE) as leaving,
        ThreadPoolExecutor(len(workloads) or 1) as rolling,
    ):
        rolls = [rolling.submit(_roll_of(each), cluster, each, leaving) for each in workloads]
        left = [gone for each in rolls for gone in each.result()]
        for gone in left:
            gone.result()


_Gone = Sequence["Future[None]"]


def _roll_of(workload: Object) -> Callable[[Cluster, Object, Executor], _Gone]:
    if workload.kind == "StatefulSet":
        strategy = workload.spec.get("updateStrategy") or {"type": "RollingUpdate"}
        if strategy not in ({"type": "RollingUpdate"}, {"type": "OnDelete"}):
            raise NotUnderstood(workload, f"the strategy {strategy}")
        return _leave if strategy == {"type": "OnDelete"} else _roll_in_place
    strategy = workload.spec.get("strategy") or {}
    if strategy != {"type": "RollingUpdate", "rollingUpdate": ONE_MORE}:
        raise NotUnderstood(workload, f"the strategy {strategy}")
    return _roll_beside


def _roll_beside(cluster: Cluster, workload: Object, leaving: Executor) -> _Gone:
    """A Deployment: one new pod more, and once that is ready, an old one less.

    Whoever leaves is not waited for: its successor's successor starts meanwhile.
    """
    gone = []
    for old in _outdated(cluster, workload):
        new = cluster.start_pod(workload)
        cluster.wait_until_ready(READY_SECONDS, [new])
        gone.append(leaving.submit(cluster.stop_pod, old))
    return gone


def _roll_in_place(cluster: Cluster, workload: Object, _leaving: Executor) -> _Gone:
    """A StatefulSet: its pod ends, and another one comes back under its name, with its volumes."""
    for old in _outdated(cluster, workload):
        cluster.stop_pod(old)
        cluster.wait_until_ready(READY_SECONDS, [cluster.start_pod(workload)])
    return ()


def _leave(_cluster: Cluster, _workload: Object, _leaving: Executor) -> _Gone:
    """A StatefulSet whose pods take the new template when somebody deletes them: nobody does."""
    return ()


def _outdated(cluster: Cluster, workload: Object) -> Sequence[RunningPod]:
    pods = cluster.pods_of(workload.name)
    return [pod for pod in pods if workload.pod and pod.template.template != workload.pod.template]
