from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from store.charttest import references
from store.charttest.helm import CHART
from store.charttest.objects import Objects
from store.charttest.testing import SETS, planted, rendered


def given(name: str) -> set[str]:
    """The Secrets that a set of values names, which an operator makes."""
    sets = (
        yaml.safe_load(values.read_text()) if isinstance(values, Path) else values
        for values in SETS[name]
    )
    return {each for values in sets for each in _secrets(values)}


def _secrets(values: Any, key: str = "") -> Iterator[str]:
    """Every text below a key that speaks of Secrets."""
    if isinstance(values, dict):
        for name, value in values.items():
            speaks = "ecret" in name
            yield from _secrets(value, name if speaks else key)
    elif isinstance(values, list):
        for value in values:
            yield from _secrets(value, key)
    elif key and isinstance(values, str):
        yield values


def test_every_object_that_a_pod_names_is_there(chosen: str, objects: Objects) -> None:
    assert references.dangling(objects, given(chosen)) == []


def test_what_runs_before_an_upgrade_needs_nothing_that_comes_with_it(
    chosen: str, objects: Objects, upgraded: Objects
) -> None:
    """Its objects have to be there from the release before: hooks come first."""
    before = [each for each in upgraded.of("Job") if each.hooks == ["pre-upgrade"]]
    jobs = {each.component for each in objects if "-migrate" in each.component}
    assert {each.component for each in before if each.pod} == jobs
    stayed = [each for each in objects if not each.pod and "post-install" not in each.hooks]
    assert references.dangling(Objects([*stayed, *before]), given(chosen)) == []


def test_volumes_are_mounted_and_mounts_have_volumes(objects: Objects) -> None:
    assert references.unmounted(objects) == []


def test_what_is_interpolated_is_known_before(objects: Objects) -> None:
    assert references.uninterpolated(objects) == []


def test_nothing_that_counts_once_is_said_twice(objects: Objects) -> None:
    assert references.repeated(objects) == []


def test_services_find_the_pods_of_one_component_and_their_port(objects: Objects) -> None:
    assert references.lost_services(objects) == []


def test_every_port_has_a_name_and_a_service(objects: Objects) -> None:
    assert references.unused_ports(objects) == []


def test_routes_lead_to_ports_of_services(objects: Objects) -> None:
    assert references.lost_routes(objects) == []


PORTS = {"http": 8000, "grpc": 7000, "ops": 9000, "postgres": 5432}


def test_a_port_of_a_name_has_one_number_everywhere(objects: Objects) -> None:
    for pod in objects.pods:
        assert {**pod.ports, **PORTS}.items() >= pod.ports.items(), str(pod)


def test_a_stateful_set_has_its_service(objects: Objects) -> None:
    services = {each.name for each in objects.of("Service")}
    assert {each.spec["serviceName"] for each in objects.of("StatefulSet")} <= services


def test_named_secrets_are_all_used() -> None:
    """An operator who named one would wait for nothing else to happen."""
    values = yaml.safe_load((CHART / "values.yaml").read_text())["existingSecrets"]
    databases = {key: f"own-{key}-db" for key in values.pop("databases")}
    named = {key: f"own-{key}" for key in values}
    objects = rendered(
        {
            "existingSecrets": {**named, "databases": databases},
            "image": {"pullSecrets": ["own-registry"]},
            "networkPolicy": {"mail": [{"cidr": "198.51.100.25/32", "port": 587}]},
        }
    )
    every = (each for pod in objects.pods for each in references.references(pod))
    used = {name for kind, name, _ in every if kind == "Secret"}
    assert used == {*named.values(), *databases.values(), "own-registry"}


def template(manifest: Any) -> Any:
    return manifest["spec"]["template"]["spec"]


def container(manifest: Any) -> Any:
    return template(manifest)["containers"][0]


def env(manifest: Any, **variable: Any) -> None:
    container(manifest)["env"].append(variable)


USERS, SERVICE = ("Deployment", "store-users"), ("Service", "store-users")
FAULTS: list[
    tuple[Callable[[Objects], list[str]], tuple[str, str], Callable[[Any], object], str]
] = [
    (
        references.dangling,
        USERS,
        lambda it: template(it).update(serviceAccountName="x"),
        "ServiceAccount/x",
    ),
    (
        references.dangling,
        USERS,
        lambda it: template(it).update(imagePullSecrets=[{"name": "x"}]),
        "Secret/x",
    ),
    (
        references.dangling,
        USERS,
        lambda it: env(
            it, name="A", valueFrom={"secretKeyRef": {"name": "store-users", "key": "x"}}
        ),
        "Secret/store-users x",
    ),
    (
        references.dangling,
        USERS,
        lambda it: template(it)["volumes"].append(
            {"name": "x", "persistentVolumeClaim": {"claimName": "x"}}
        ),
        "PersistentVolumeClaim/x",
    ),
    (
        references.dangling,
        USERS,
        lambda it: template(it)["volumes"].append({"name": "x", "configMap": {"name": "x"}}),
        "ConfigMap/x",
    ),
    (
        references.unmounted,
        USERS,
        lambda it: container(it)["volumeMounts"].append({"name": "x", "mountPath": "/x"}),
        "x is mounted and no volume",
    ),
    (
        references.unmounted,
        USERS,
        lambda it: template(it)["volumes"].append({"name": "x", "emptyDir": {}}),
        "x is never mounted",
    ),
    (references.uninterpolated, USERS, lambda it: env(it, name="A", value="$(LATER)"), "LATER"),
    (references.uninterpolated, USERS, lambda it: container(it).update(args=["$(NONE)"]), "NONE"),
    (references.repeated, USERS, lambda it: env(it, name="PUBLIC_URL", value=""), "PUBLIC_URL"),
    (
        references.repeated,
        USERS,
        lambda it: container(it)["ports"].append({"name": "x", "containerPort": 9000}),
        "ports 9000",
    ),
    (
        references.lost_services,
        SERVICE,
        lambda it: it["spec"].update(selector={"a": "b"}),
        "finds []",
    ),
    (
        references.lost_services,
        SERVICE,
        lambda it: it["spec"]["selector"].pop("app.kubernetes.io/component"),
        "finds ['pod",
    ),
    (
        references.lost_services,
        SERVICE,
        lambda it: it["spec"]["ports"][0].update(targetPort="x"),
        "has no port x",
    ),
    (
        references.unused_ports,
        USERS,
        lambda it: container(it)["ports"].append({"containerPort": 1}),
        "port 1 has no name",
    ),
    (
        references.unused_ports,
        USERS,
        lambda it: container(it)["ports"].append({"name": "x", "containerPort": 1}),
        "nothing leads to port x",
    ),
]


@pytest.mark.parametrize(("promise", "where", "fault", "message"), FAULTS)
def test_a_planted_fault_is_found(
    promise: Callable[[Objects], list[str]],
    where: tuple[str, str],
    fault: Callable[[Any], object],
    message: str,
) -> None:
    assert [each for each in promise(planted(*where, fault)) if message in each]


def test_a_route_to_nowhere_is_found() -> None:
    objects = rendered(*SETS["stripe"])
    without = Objects(each for each in objects if str(each) != "Service/store-users")
    assert references.lost_routes(without)
    assert {name for name, _ in references.backends(objects.of("Ingress")[0])} >= {"store-users"}
