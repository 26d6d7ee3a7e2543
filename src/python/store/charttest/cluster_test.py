"""What an upgrade finds in the cluster: what it keeps, and what it does because of it."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from store.charttest.cluster import Cluster
from store.charttest.objects import Json, Object, Objects
from store.charttest.testing import rendered

SERVICES = ("users", "inventory", "orders", "gateway")


def installed(change: Callable[[Json], object] = lambda _: None) -> list[Object]:
    """The defaults some time after their installation: databases serve, Jobs are done."""
    found = [dict(each.manifest) for each in rendered()]
    for manifest in found:
        match manifest["kind"]:
            case "StatefulSet":
                manifest["status"] = {"readyReplicas": 1}
            case "Job":
                manifest["status"] = {"succeeded": 1}
        change(manifest)
    return [Object(each) for each in found]


def seen(
    objects: list[Object], values: Mapping[str, Any] | None = None, *, is_upgrade: bool = True
) -> Objects:
    with Cluster(objects) as cluster:
        return cluster.render(dict(values or {}), is_upgrade=is_upgrade)


def secrets(objects: Objects) -> dict[str, Json]:
    return {each.name: each.manifest["data"] for each in objects if each.kind == "Secret"}


def migrations(objects: Objects) -> dict[str, Object]:
    """By service."""
    return {
        each.component.removesuffix("-migrate"): each
        for each in objects.of("Job")
        if each.component.endswith("-migrate")
    }


def hooked(objects: Objects) -> set[str]:
    """The services that are migrated before the upgrade."""
    return {name for name, job in migrations(objects).items() if job.hooks}


def named(name: str) -> Callable[[Json], bool]:
    return lambda manifest: str(manifest["metadata"]["name"]).startswith(name)


def test_an_upgrade_touches_no_secret_that_is_there() -> None:
    assert len(secrets(rendered())) >= 9
    assert secrets(seen(installed())) == {}


def test_what_stayed_of_an_uninstalled_release_fits_the_next_installation() -> None:
    left = [each for each in installed() if each.kind in ("Secret", "PersistentVolumeClaim")]
    again = seen(left, is_upgrade=False)
    assert secrets(again) == {}
    assert list(again.of("PersistentVolumeClaim")) == []


def test_what_was_claimed_is_not_claimed_otherwise() -> None:
    """Kubernetes refuses a StatefulSet with another claim, and with it the upgrade."""
    storage = {"size": "64Gi", "className": "fast"}
    values = {"databases": {"users": {"storage": storage}}, "backups": {"storage": storage}}
    upgraded = seen(installed(), values)
    database = upgraded.one("StatefulSet", "store-users-db")
    before = rendered().one("StatefulSet", "store-users-db")
    assert database.spec["volumeClaimTemplates"] == before.spec["volumeClaimTemplates"]
    assert list(upgraded.of("PersistentVolumeClaim")) == []


def test_where_all_is_well_every_database_is_migrated_before_the_upgrade() -> None:
    assert hooked(seen(installed())) == set(SERVICES)


def test_an_upgrade_that_may_mend_a_database_does_not_wait_for_it_first() -> None:
    def break_orders(manifest: Json) -> None:
        if manifest["kind"] == "StatefulSet" and named("store-orders-db")(manifest):
            manifest["status"] = {}

    upgraded = seen(installed(break_orders))
    assert hooked(upgraded) == {*SERVICES} - {"orders"}
    assert migrations(upgraded).keys() == {*SERVICES}


def test_a_set_up_that_did_not_end_is_done_again() -> None:
    def fail(manifest: Json) -> None:
        if manifest["kind"] == "Job" and named("store-users-setup-")(manifest):
            manifest["status"] = {"failed": 3}

    upgraded = seen(installed(fail))
    assert hooked(upgraded) == {*SERVICES} - {"users"}
    pod = migrations(upgraded)["users"].pod
    assert pod is not None
    assert [each.name for each in pod.containers] == ["migrate", "admin"]


def test_a_service_that_comes_later_is_set_up_and_not_waited_for() -> None:
    before = [each for each in installed() if "gateway" not in each.name]
    upgraded = seen(before)
    assert hooked(upgraded) == {*SERVICES} - {"gateway"}
    assert migrations(upgraded)["gateway"].name.startswith("store-gateway-setup-")
    assert secrets(upgraded).keys() == {"store-gateway-db"}


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "Service", "CronJob"])
def test_an_upgrade_that_changes_no_value_changes_nothing_that_runs(kind: str) -> None:
    before = {each.name: each.manifest for each in rendered() if each.kind == kind}
    after = {each.name: each.manifest for each in seen(installed()) if each.kind == kind}
    assert after == before
