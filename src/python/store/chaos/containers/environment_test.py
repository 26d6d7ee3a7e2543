import base64
from typing import Any

import pytest

from store.chaos.containers.config_objects import ConfigObjects
from store.chaos.containers.environment import environment
from store.chaos.containers.manifest import UnsupportedManifest
from store.charttest.objects import Container, Object, Objects
from store.cli.errors import CannotProve

FACTS = {"metadata.name": "store-orders-1", "status.podIP": "10.0.0.7"}


def container(*env: dict[str, Any], **more: Any) -> Container:
    spec = {"containers": [{"name": "orders", "image": "i", "env": list(env), **more}]}
    pod = Object({"kind": "Pod", "metadata": {"name": "orders"}, "spec": spec}).pod
    assert pod
    return pod.containers[0]


def secret(name: str, **data: str) -> Object:
    coded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return Object({"kind": "Secret", "metadata": {"name": name}, "data": coded})


def of_secret(variable: str, key: str, **more: bool) -> dict[str, Any]:
    reference = {"name": "store-orders-db", "key": key, **more}
    return {"name": variable, "valueFrom": {"secretKeyRef": reference}}


@pytest.fixture
def configs() -> ConfigObjects:
    configs = ConfigObjects()
    config = {"kind": "ConfigMap", "metadata": {"name": "looks"}, "data": {"colour": "green"}}
    configs.add(Objects([secret("store-orders-db", password="p$$w"), Object(config)]))
    return configs


def test_a_variable_refers_to_those_before_it(configs: ConfigObjects) -> None:
    found = environment(
        container(
            {"name": "EARLY", "value": "$(PASSWORD)"},
            of_secret("PASSWORD", "password"),
            {"name": "URL", "value": "postgresql://orders:$(PASSWORD)@store-orders-db"},
            {"name": "LITERAL", "value": "$$(PASSWORD) $$5 $(NOBODY) $x"},
        ),
        configs,
        FACTS,
    )
    assert found == {
        "EARLY": "$(PASSWORD)",
        "PASSWORD": "p$$w",
        "URL": "postgresql://orders:p$$w@store-orders-db",
        "LITERAL": "$(PASSWORD) $5 $(NOBODY) $x",
    }


def test_values_come_from_config_maps_and_from_the_pod(configs: ConfigObjects) -> None:
    colour = {"configMapKeyRef": {"name": "looks", "key": "colour"}}
    address = {"fieldRef": {"fieldPath": "status.podIP"}}
    env = [{"name": "COLOUR", "valueFrom": colour}, {"name": "IP", "valueFrom": address}]
    assert environment(container(*env), configs, FACTS) == {"COLOUR": "green", "IP": "10.0.0.7"}


def test_a_secret_that_is_missing_is_named_unless_it_may_be_missing(configs: ConfigObjects) -> None:
    assert environment(container(of_secret("KEY", "key", optional=True)), configs, FACTS) == {}
    with pytest.raises(CannotProve, match="the key key of the Secret store-orders-db"):
        environment(container(of_secret("KEY", "key")), configs, FACTS)


@pytest.mark.parametrize(
    "unsupported",
    [
        container(envFrom=[{"secretRef": {"name": "all"}}]),
        container({"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}),
        container({"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}),
    ],
)
def test_what_is_not_done_here_is_refused_and_not_passed_over(
    unsupported: Container, configs: ConfigObjects
) -> None:
    with pytest.raises(UnsupportedManifest):
        environment(unsupported, configs, FACTS)


def test_a_later_rendering_changes_no_secret_but_every_config_map(configs: ConfigObjects) -> None:
    config = {"kind": "ConfigMap", "metadata": {"name": "looks"}, "data": {"colour": "red"}}
    configs.add(Objects([secret("store-orders-db", password="new"), Object(config)]))
    assert configs.secret("store-orders-db") == {"password": b"p$$w"}
    assert configs.config("looks") == {"colour": b"red"}
