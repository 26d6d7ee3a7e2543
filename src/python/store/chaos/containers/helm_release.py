"""What helm does to a release in a cluster: upgrade it, and roll it back to an earlier revision.

Source: helm.sh/docs, "Chart Hooks".
"""

from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy

from store.chaos.containers.cluster import WORKLOADS, Cluster
from store.chaos.containers.docker_container import ContainerFailed
from store.chaos.containers.manifest import UnsupportedManifest
from store.chaos.containers.rollout import roll
from store.charttest.objects import Object, Objects
from store.server.clock import now

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"


class UpgradeStopped(Exception):
    """A hook has failed, so that nothing of the new revision was applied; the text has its last lines."""


class HelmRelease:
    """A release in a cluster; `objects` are those of the revision that was applied last."""

    def __init__(self, cluster: Cluster, objects: Objects) -> None:
        self.cluster, self.objects = cluster, objects

    def upgrade(self, objects: Objects) -> None:
        """Run the hooks that come before, then replace what differs. UpgradeStopped if a hook fails."""
        for hook in _hooks(objects, "pre-upgrade"):
            if hook.kind == "Secret":
                self.cluster.configs.add(Objects([hook]))
                continue
            try:
                self.cluster.run(hook)
            except ContainerFailed as failed:
                raise UpgradeStopped(failed.message) from failed
        self._apply(objects)

    def roll_back(self, objects: Objects) -> None:
        """Apply an earlier revision as it was: no hook of its upgrade, but its Jobs if they have gone."""
        if _hooks(objects, "pre-rollback"):
            raise UnsupportedManifest("the release", "pre-rollback hooks")
        self._apply(objects)

    def restart(self, *kinds: str) -> None:
        """Replace all pods of these workloads by others like them, as `kubectl rollout restart` does."""
        roll(self.cluster, [_restarted(each) for each in self.objects.of(*kinds)])

    def _apply(self, objects: Objects) -> None:
        """Everything at once, as helm sends it; return when all of the revision is ready."""
        self.cluster.add(objects)
        existing = {job.name for job in self.objects.of("Job") if not job.hooks}
        jobs = [job for job in objects.of("Job") if not job.hooks and job.name not in existing]
        with ThreadPoolExecutor(len(jobs) or 1) as running:
            done = [running.submit(self.cluster.run, job) for job in jobs]
            roll(self.cluster, objects.of(*WORKLOADS))
            for each in done:
                each.result()
        self.objects = objects


def _restarted(workload: Object) -> Object:
    """It with the annotation by which kubectl makes another template of it."""
    manifest = deepcopy(workload.manifest)
    metadata = manifest["spec"]["template"].setdefault("metadata", {})
    metadata.setdefault("annotations", {})[RESTARTED_AT] = now().isoformat()
    return Object(manifest)


def _hooks(objects: Objects, when: str) -> list[Object]:
    """Those of this moment, in the order in which helm waits for each."""
    hooks = [each for each in objects if when in each.hooks]
    for each in hooks:
        if each.kind not in ("Job", "Secret"):
            raise UnsupportedManifest(each, f"a hook that is neither Job nor Secret, {when}")
    return sorted(hooks, key=_weight)


def _weight(hook: Object) -> tuple[int, str]:
    return int(hook.annotations.get("helm.sh/hook-weight", "0")), hook.name
