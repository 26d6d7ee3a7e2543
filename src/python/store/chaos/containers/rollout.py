"""How Kubernetes replaces the pods of a workload by those of a new template.

Sources: kubernetes.io/docs, "Rolling Update Deployment" and "StatefulSet: Update strategies".
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor

from store.chaos.containers.cluster import Cluster
from store.chaos.containers.manifest import UnsupportedManifest
from store.chaos.containers.pods import RunningPod
from store.charttest.objects import Object

READY_SECONDS = 120.0
MAX_LEAVING = 32
ONE_MORE = {"maxSurge": 1, "maxUnavailable": 0}


def roll(cluster: Cluster, workloads: Sequence[Object]) -> None:
    """Replace the pods of all of these at the same time; return when the last old one has gone.

    CannotProve if a new pod does not become ready: then the old ones that are left serve on.
    """
    with (
        ThreadPoolExecutor(MAX_LEAVING) as leaving,
        ThreadPoolExecutor(len(workloads) or 1) as replacing,
    ):
        rollouts = [
            replacing.submit(_strategy_of(each), cluster, each, leaving) for each in workloads
        ]
        for end in [end for rollout in rollouts for end in rollout.result()]:
            end.result()


_PodEnds = Sequence["Future[None]"]


def _strategy_of(workload: Object) -> Callable[[Cluster, Object, Executor], _PodEnds]:
    if workload.kind == "StatefulSet":
        strategy = workload.spec.get("updateStrategy") or {"type": "RollingUpdate"}
        if strategy not in ({"type": "RollingUpdate"}, {"type": "OnDelete"}):
            raise UnsupportedManifest(workload, f"the strategy {strategy}")
        return _leave_alone if strategy == {"type": "OnDelete"} else _replace_in_turn
    strategy = workload.spec.get("strategy") or {}
    if strategy != {"type": "RollingUpdate", "rollingUpdate": ONE_MORE}:
        raise UnsupportedManifest(workload, f"the strategy {strategy}")
    return _replace_with_surge


def _replace_with_surge(cluster: Cluster, workload: Object, leaving: Executor) -> _PodEnds:
    """A Deployment: one new pod more, and once that is ready, an old one less.

    No pod's end is waited for: the next new pod starts meanwhile.
    """
    ends = []
    for old in _outdated(cluster, workload):
        new = cluster.start_pod(workload)
        cluster.wait_until_ready(READY_SECONDS, [new])
        ends.append(leaving.submit(cluster.stop_pod, old))
    return ends


def _replace_in_turn(cluster: Cluster, workload: Object, _leaving: Executor) -> _PodEnds:
    """A StatefulSet: its pod ends, and another one comes back under its name, with its volumes."""
    for old in _outdated(cluster, workload):
        cluster.stop_pod(old)
        cluster.wait_until_ready(READY_SECONDS, [cluster.start_pod(workload)])
    return ()


def _leave_alone(_cluster: Cluster, _workload: Object, _leaving: Executor) -> _PodEnds:
    """A StatefulSet whose pods take the new template when somebody deletes them: nobody does."""
    return ()


def _outdated(cluster: Cluster, workload: Object) -> Sequence[RunningPod]:
    pods = cluster.pods_of(workload.name)
    return [pod for pod in pods if workload.pod and pod.template.template != workload.pod.template]
