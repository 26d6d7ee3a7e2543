"""What helm and Kubernetes do with another revision, on a cluster that only writes down what it is told."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from store.chaos.containers.cluster import Cluster
from store.chaos.containers.config_objects import Kept
from store.chaos.containers.engine import Failed
from store.chaos.containers.helm_release import Release, UpgradeStopped
from store.chaos.containers.manifest import NotUnderstood
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
    told: list[str] = field(default_factory=list)
    running: list[FakePod] = field(default_factory=list)
    kept: Kept = field(default_factory=Kept)

    def hold(self, _objects: Objects) -> None:
        self.told.append("hold")

    def run(self, job: Object) -> None:
        self.told.append(f"run {job.name}")
        if job.name in self.failing:
            raise Failed(job.name, "ended with status 1", "no such column")

    def pods_of(self, workload: str) -> list[FakePod]:
        return [pod for pod in self.running if pod.template.name == workload]

    def start_pod(self, workload: Object) -> FakePod:
        assert workload.pod
        pod = FakePod(f"{workload.name} {image_of(workload.pod)}", workload.pod)
        self.told.append(f"start {pod.name}")
        self.running.append(pod)
        return pod

    def wait_until_ready(self, _seconds: float, pods: Sequence[FakePod]) -> None:
        self.told += [f"ready {pod.name}" for pod in pods]

    def stop_pod(self, pod: FakePod) -> None:
        self.told.append(f"stop {pod.name}")
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


def release(cluster: FakeCluster, *objects: Object) -> Release:
    """A release of these, of each of whose workloads two pods run."""
    for each in objects:
        if each.kind != "Job":
            cluster.start_pod(each)
            cluster.start_pod(each)
    cluster.told.clear()
    return Release(cast(Cluster, cluster), Objects(objects))


def test_hooks_run_before_anything_is_touched_in_helms_order() -> None:
    cluster = FakeCluster()
    upgraded = release(cluster, deployment("old"))
    upgraded.upgrade(Objects([hook("b"), hook("a"), hook("first", "-1"), deployment("new")]))
    assert cluster.told[:4] == ["run first", "run a", "run b", "hold"]


def test_a_secret_that_an_upgrade_adds_is_there_before_its_jobs_run() -> None:
    cluster = FakeCluster(failing=["migrate"])
    secret = Object({
        "kind": "Secret",
        "metadata": {"name": "new", "annotations": dict(hook("any", "-1").annotations)},
        "stringData": {"key": "made up"},
    })  # fmt: skip
    with pytest.raises(UpgradeStopped):
        release(cluster, deployment("old")).upgrade(Objects([hook("migrate"), secret]))
    assert cluster.kept.secret("new") == {"key": b"made up"}


def test_a_hook_that_fails_leaves_everything_as_it_was() -> None:
    cluster = FakeCluster(failing=["b"])
    upgraded = release(cluster, deployment("old"))
    with pytest.raises(UpgradeStopped, match="no such column"):
        upgraded.upgrade(Objects([hook("a"), hook("b"), hook("c"), deployment("new")]))
    assert cluster.told == ["run a", "run b"]
    assert [each.name for each in upgraded.objects] == ["api"]


def test_an_old_pod_leaves_only_when_one_more_new_one_is_ready() -> None:
    cluster = FakeCluster()
    release(cluster, deployment("old")).upgrade(Objects([deployment("new")]))
    places = {
        what: [n for n, told in enumerate(cluster.told) if told == what] for what in cluster.told
    }
    assert len(places["stop api old"]) == len(places["start api new"]) == 2
    for ready, stopped in zip(places["ready api new"], places["stop api old"], strict=True):
        assert ready < stopped
    assert {image_of(pod.template) for pod in cluster.running} == {"new"}


def test_the_pod_of_a_set_ends_before_it_comes_back() -> None:
    cluster = FakeCluster()
    old, new = (workload("StatefulSet", "db", image) for image in ("old", "new"))
    upgraded = release(cluster, old)
    cluster.running.pop()
    upgraded.upgrade(Objects([new]))
    assert cluster.told == ["hold", "stop db old", "start db new", "ready db new"]


def test_a_set_whose_pods_an_operator_deletes_is_left_alone() -> None:
    cluster = FakeCluster()
    old, new = (
        workload("StatefulSet", "db", image, updateStrategy={"type": "OnDelete"})
        for image in ("old", "new")
    )
    release(cluster, old).upgrade(Objects([new]))
    assert cluster.told == ["hold"]


def test_a_restart_replaces_every_pod_by_one_like_it() -> None:
    cluster = FakeCluster()
    restarted = release(cluster, deployment("same"), workload("StatefulSet", "db", "same"))
    restarted.restart("Deployment")
    assert cluster.told.count("stop api same") == cluster.told.count("ready api same") == 2
    assert not any("db" in told for told in cluster.told)


def test_what_does_not_differ_stays() -> None:
    cluster = FakeCluster()
    release(cluster, deployment("old")).upgrade(Objects([deployment("old")]))
    assert cluster.told == ["hold"]


def test_a_rollback_runs_no_hook_but_the_jobs_of_its_revision_that_have_gone() -> None:
    cluster = FakeCluster()
    first = Objects([workload("Job", "setup", "old"), hook("migrate"), deployment("old")])
    rolled = release(cluster, *first)
    rolled.upgrade(Objects([deployment("new")]))
    cluster.told.clear()
    rolled.roll_back(first)
    assert "run setup" in cluster.told
    assert "run migrate" not in cluster.told
    assert {image_of(pod.template) for pod in cluster.running} == {"old"}


def test_another_way_to_replace_pods_is_refused() -> None:
    recreated = workload("Deployment", "api", "new", strategy={"type": "Recreate"})
    upgraded = release(FakeCluster(), deployment("old"))
    with pytest.raises(NotUnderstood, match="Recreate"):
        upgraded.upgrade(Objects([recreated]))
