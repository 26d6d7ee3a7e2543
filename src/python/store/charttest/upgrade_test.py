"""What happens in which order when a release is installed and upgraded, and that nothing loops."""

import shutil
from pathlib import Path

import pytest

from store.charttest import helm
from store.charttest.objects import Object, Objects, Pod
from store.charttest.testing import SETS, rendered

HOOK, DELETED = "helm.sh/hook", "helm.sh/hook-delete-policy"


def migrations(objects: Objects) -> dict[str, Object]:
    """The Jobs that migrate, by component."""
    return {
        each.component: each for each in objects.of("Job") if each.component.endswith("-migrate")
    }


def expected(objects: Objects) -> set[str]:
    services = {"users", "inventory", "orders", "gateway"}
    return {f"{name}-migrate" for name in services & {pod.component for pod in objects.pods}}


def test_an_installation_migrates_beside_the_rest(objects: Objects) -> None:
    """There is no database yet to migrate before: a hook would wait for ever."""
    found = migrations(objects)
    assert found.keys() == expected(objects)
    assert [str(each) for each in found.values() if each.hooks] == []


def test_an_upgrade_migrates_before_anything_new_serves(upgraded: Objects) -> None:
    found = migrations(upgraded)
    assert found.keys() == expected(upgraded)
    assert {tuple(each.hooks) for each in found.values()} == {("pre-upgrade",)}


def test_a_migration_that_failed_stays_for_its_log_until_the_next_try(upgraded: Objects) -> None:
    for each in migrations(upgraded).values():
        policies = each.annotations[DELETED].split(",")
        assert "before-hook-creation" in policies
        assert "hook-failed" not in policies


@pytest.mark.parametrize("is_upgrade", [False, True])
def test_a_migration_is_done_by_the_new_version_of_its_own_service(is_upgrade: bool) -> None:
    images = {
        "images": {
            name: {"tag": f"{name}-2"} for name in ("users", "inventory", "orders", "gateway")
        }
    }
    for component, job in migrations(rendered(images, is_upgrade=is_upgrade)).items():
        pod, service = _pod(job), component.removesuffix("-migrate")
        migrate = pod.container("migrate")
        assert (migrate.args, migrate.image) == (
            ["migrate"],
            f"virtual-store/{service}:{service}-2",
        )


def test_the_first_admin_is_made_once_when_the_tables_are_there() -> None:
    installed, upgraded = (migrations(rendered(is_upgrade=each)) for each in (False, True))
    setup = _pod(installed["users-migrate"])
    assert [(each.name, each.initialises) for each in setup.containers] == [
        ("migrate", True),
        ("admin", False),
    ]
    assert [each.name for each in _pod(upgraded["users-migrate"]).containers] == ["migrate"]


def test_whoever_serves_does_so_until_a_newer_one_does(objects: Objects) -> None:
    for each in objects.of("Deployment"):
        strategy = each.spec["strategy"]
        assert strategy["type"] == "RollingUpdate", str(each)
        assert strategy["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}, str(each)


@pytest.mark.parametrize("name", ["defaults", "production", "stripe", "no-monitoring"])
def test_an_upgrade_restarts_what_serves_and_nothing_else(name: str, next_chart: Path) -> None:
    """Who watches it must not be replaced with what it watches, nor a database under who calls it."""
    before, newer = rendered(*SETS[name]), {"image": {"tag": "next"}}
    after = helm.render(*SETS[name], newer, chart=next_chart, is_upgrade=True)
    serving = {each.name for each in before.of("Deployment") if each.component != "grafana"}
    assert {"store-users", "store-orders-work"} <= serving
    assert restarted(before, after) == serving


def restarted(before: Objects, after: Objects) -> set[str]:
    """The workloads whose pods an upgrade replaces: other templates, unless that waits for an operator."""
    return {
        each.name
        for each in after.of("Deployment", "StatefulSet", "DaemonSet")
        if each.spec.get("updateStrategy") != {"type": "OnDelete"}
        and _pod(each).template != _pod(before.one(each.kind, each.name)).template
    }


def test_of_a_database_an_upgrade_prepares_another_image_and_nothing_else(next_chart: Path) -> None:
    after = helm.render(chart=next_chart, is_upgrade=True)
    databases = [each for each in after.of("StatefulSet") if each.component.endswith("-db")]
    assert len(databases) == 4
    for each in databases:
        before = _pod(rendered().one(each.kind, each.name)).template
        image = _pod(each).containers[0].image
        assert image.endswith(":next")
        assert str(before).replace("virtual-store/postgres:dev", image) == str(_pod(each).template)


def test_changed_rules_restart_who_follows_them(next_chart: Path, tmp_path: Path) -> None:
    """This Prometheus reads them at its start alone."""
    chart = shutil.copytree(next_chart, tmp_path / "chart")
    (chart / "files" / "rules" / "more.yaml").write_text("groups: []")
    assert "store-prometheus" in restarted(rendered(), helm.render(chart=chart))


def test_what_runs_to_its_end_has_one(objects: Objects, upgraded: Objects) -> None:
    """Few tries, a deadline, and no container that starts again inside its pod."""
    for pod in [*objects.pods, *upgraded.pods]:
        if pod.owner.kind not in ("Job", "CronJob"):
            continue
        spec = pod.owner.spec if pod.owner.kind == "Job" else pod.owner.spec["jobTemplate"]["spec"]
        assert pod.spec["restartPolicy"] == "Never", str(pod)
        assert spec["backoffLimit"] <= 3, str(pod)
        assert 0 < spec["activeDeadlineSeconds"] <= 6 * 3600, str(pod)


def test_no_dump_meets_another_of_the_same_database(objects: Objects) -> None:
    for each in objects.of("CronJob"):
        assert each.spec["concurrencyPolicy"] == "Forbid", str(each)
        assert each.spec["suspend"] is each.component.endswith("-restore"), str(each)


def test_a_claim_is_waited_for_by_nobody_and_deleted_by_nobody(objects: Objects) -> None:
    """A volume is often made when its first pod comes, and its data outlives the release."""
    for claim in objects.of("PersistentVolumeClaim"):
        assert claim.hooks == ["post-install", "post-upgrade"], str(claim)
        # Without a policy helm would delete it before it makes it anew.
        assert claim.annotations[DELETED] == "hook-failed", str(claim)
    for each in objects.of("StatefulSet"):
        kept = {"whenDeleted": "Retain", "whenScaled": "Retain"}
        assert each.spec["persistentVolumeClaimRetentionPolicy"] == kept, str(each)


def test_secrets_and_migrations_are_hooks_and_claims_and_the_test_and_nothing_else() -> None:
    found = {
        (each.kind, hook)
        for is_upgrade in (False, True)
        for each in rendered(is_upgrade=is_upgrade)
        for hook in each.hooks
    }
    assert found == {
        ("Secret", "pre-install"),
        ("Secret", "pre-upgrade"),
        ("Job", "pre-upgrade"),
        ("PersistentVolumeClaim", "post-install"),
        ("PersistentVolumeClaim", "post-upgrade"),
        ("Pod", "test"),
    }


def test_what_a_migration_needs_is_made_before_it() -> None:
    """Hooks of one moment come in the order of their weights."""
    hooks = [each for each in rendered(is_upgrade=True) if "pre-upgrade" in each.hooks]
    weights = {each.kind: int(each.annotations.get("helm.sh/hook-weight", "0")) for each in hooks}
    assert weights["Secret"] < weights["Job"]


def test_helm_test_places_an_order_as_a_pod_of_its_own(objects: Objects) -> None:
    (pod,) = [each for each in objects.pods if "test" in each.owner.hooks]
    assert (pod.owner.kind, pod.containers[0].args) == ("Pod", ["smoke"])
    assert pod.spec["activeDeadlineSeconds"] <= 900


def _pod(job: Object) -> Pod:
    assert job.pod is not None
    return job.pod
