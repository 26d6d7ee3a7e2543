"""What helm and Kubernetes do with another revision, on a cluster that only records its calls."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from store.chaos.containers.cluster import Cluster
from store.chaos.containers.config_objects import ConfigObjects
from store.chaos.containers.docker_container import ContainerFailed
from store.chaos.containers.helm_release import HelmRelease, UpgradeStopped
from store.chaos.containers.manifest import UnsupportedManifest
from store.charttest.objects import Object, Objects, Pod

ROLLING = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


@dataclass
class FakePod:
    name: str
    template: Pod


@dataclass
class FakeCluster:
    """Its pods are ready as soon as somebody waits for it; the jobs in `failing` fail."""

    failing: Sequence[str] = ()
    calls: list[str] = field(default_factory=list)
    running: list[FakePod] = field(default_factory=list)
    configs: ConfigObjects = field(default_factory=ConfigObjects)

    def add(self, _objects: Objects) -> None:
        self.calls.append("add")

    def run(self, job: Object) -> None:
        self.calls.append(f"run {job.name}")
        if job.name in self.failing:
            raise ContainerFailed(job.name, "ended with status 1", "no such column")

    def pods_of(self, workload: str) -> list[FakePod]:
        return [pod for pod in self.running if pod.template.name == workload]

    def start_pod(self, workload: Object) -> FakePod:
        assert workload.pod
        pod = FakePod(f"{workload.name} {image_of(workload.pod)}", workload.pod)
        self.calls.append(f"start {pod.name}")
        self.running.append(pod)
        return pod

    def wait_until_ready(self, _seconds: float, pods: Sequence[FakePod]) -> None:
        self.calls += [f"ready {pod.name}" for pod in pods]

    def stop_pod(self, pod: FakePod) -> None:
        self.calls.append(f"stop {pod.name}")
        self.running.remove(pod)


def image_of(pod: Pod) -> str:
    return pod.containers[0].image


def workload(kind: str, name: str, image: str, **more: Any) -> Object:
    template = {"spec": {"containers": [{"name": name, "image": image}]}}
    spec = {"template": template, **more}
    return Object({"kind": kind, "metadata": {"name": name}, "spec": spec})


def hook(name: str, weight: str | None = None) -> Object:
    job = workload("Job", name, "any")
    job.metadata["annotations"] = {"helm.sh/hook": "pre-upgrade"}
    if weight:
        job.metadata["annotations"]["helm.sh/hook-weight"] = weight
    return job


def deployment(image: str) -> Object:
    return workload("Deployment", "api", image, strategy=ROLLING)


def release(cluster: FakeCluster, *objects: Object) -> HelmRelease:
    """A release of these, of each of whose workloads two pods run."""
    for each in objects:
        if each.kind != "Job":
            cluster.start_pod(each)
            cluster.start_pod(each)
    cluster.calls.clear()
    return HelmRelease(cast(Cluster, cluster), Objects(objects))


def test_hooks_run_before_anything_is_touched_in_helms_order() -> None:
    cluster = FakeCluster()
    helm_release = release(cluster, deployment("old"))
    helm_release.upgrade(Objects([hook("b"), hook("a"), hook("first", "-1"), deployment("new")]))
    assert cluster.calls[:4] == ["run first", "run a", "run b", "add"]


def test_a_secret_that_an_upgrade_adds_is_there_before_its_jobs_run() -> None:
    cluster = FakeCluster(failing=["migrate"])
    secret = Object({
        "kind": "Secret",
        "metadata": {"name": "new", "annotations": dict(hook("any", "-1").annotations)},
        "stringData": {"key": "made up"},
    })  # fmt: skip
    with pytest.raises(UpgradeStopped):
        release(cluster, deployment("old")).upgrade(Objects([hook("migrate"), secret]))
    assert cluster.configs.secret("new") == {"key": b"made up"}


def test_a_hook_that_fails_leaves_everything_as_it_was() -> None:
    cluster = FakeCluster(failing=["b"])
    helm_release = release(cluster, deployment("old"))
    with pytest.raises(UpgradeStopped, match="no such column"):
        helm_release.upgrade(Objects([hook("a"), hook("b"), hook("c"), deployment("new")]))
    assert cluster.calls == ["run a", "run b"]
    assert [each.name for each in helm_release.objects] == ["api"]


def test_an_old_pod_leaves_only_when_one_more_new_one_is_ready() -> None:
    cluster = FakeCluster()
    release(cluster, deployment("old")).upgrade(Objects([deployment("new")]))
    positions = {
        what: [n for n, call in enumerate(cluster.calls) if call == what] for what in cluster.calls
    }
    assert len(positions["stop api old"]) == len(positions["start api new"]) == 2
    for ready, stopped in zip(positions["ready api new"], positions["stop api old"], strict=True):
        assert ready < stopped
    assert {image_of(pod.template) for pod in cluster.running} == {"new"}


def test_the_pod_of_a_set_ends_before_it_comes_back() -> None:
    cluster = FakeCluster()
    old, new = (workload("StatefulSet", "db", image) for image in ("old", "new"))
    helm_release = release(cluster, old)
    cluster.running.pop()
    helm_release.upgrade(Objects([new]))
    assert cluster.calls == ["add", "stop db old", "start db new", "ready db new"]


def test_a_set_whose_pods_an_operator_deletes_is_left_alone() -> None:
    cluster = FakeCluster()
    old, new = (
        workload("StatefulSet", "db", image, updateStrategy={"type": "OnDelete"})
        for image in ("old", "new")
    )
    release(cluster, old).upgrade(Objects([new]))
    assert cluster.calls == ["add"]


def test_a_restart_replaces_every_pod_by_one_like_it() -> None:
    cluster = FakeCluster()
    restarted = release(cluster, deployment("same"), workload("StatefulSet", "db", "same"))
    restarted.restart("Deployment")
    assert cluster.calls.count("stop api same") == cluster.calls.count("ready api same") == 2
    assert not any("db" in call for call in cluster.calls)


def test_what_does_not_differ_stays() -> None:
    cluster = FakeCluster()
    release(cluster, deployment("old")).upgrade(Objects([deployment("old")]))
    assert cluster.calls == ["add"]


def test_a_rollback_runs_no_hook_but_the_jobs_of_its_revision_that_have_gone() -> None:
    cluster = FakeCluster()
    first = Objects([workload("Job", "setup", "old"), hook("migrate"), deployment("old")])
    rolled = release(cluster, *first)
    rolled.upgrade(Objects([deployment("new")]))
    cluster.calls.clear()
    rolled.roll_back(first)
    assert "run setup" in cluster.calls
    assert "run migrate" not in cluster.calls
    assert {image_of(pod.template) for pod in cluster.running} == {"old"}


def test_another_way_to_replace_pods_is_refused() -> None:
    recreated = workload("Deployment", "api", "new", strategy={"type": "Recreate"})
    helm_release = release(FakeCluster(), deployment("old"))
    with pytest.raises(UnsupportedManifest, match="Recreate"):
        helm_release.upgrade(Objects([recreated]))
