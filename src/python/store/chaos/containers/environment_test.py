import base64
from typing import Any

import pytest

from store.chaos.containers.config_objects import Kept
from store.chaos.containers.environment import environment
from store.chaos.containers.manifest import NotUnderstood
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
def kept() -> Kept:
    kept = Kept()
    config = {"kind": "ConfigMap", "metadata": {"name": "looks"}, "data": {"colour": "green"}}
    kept.keep(Objects([secret("store-orders-db", password="p$$w"), Object(config)]))
    return kept


def test_a_variable_refers_to_those_before_it(kept: Kept) -> None:
    found = environment(
        container(
            {"name": "EARLY", "value": "$(PASSWORD)"},
            of_secret("PASSWORD", "password"),
            {"name": "URL", "value": "postgresql://orders:$(PASSWORD)@store-orders-db"},
            {"name": "LITERAL", "value": "$$(PASSWORD) $$5 $(NOBODY) $x"},
        ),
        kept,
        FACTS,
    )
    assert found == {
        "EARLY": "$(PASSWORD)",
        "PASSWORD": "p$$w",
        "URL": "postgresql://orders:p$$w@store-orders-db",
        "LITERAL": "$(PASSWORD) $5 $(NOBODY) $x",
    }


def test_config_maps_and_the_pod_itself_are_asked(kept: Kept) -> None:
    colour = {"configMapKeyRef": {"name": "looks", "key": "colour"}}
    address = {"fieldRef": {"fieldPath": "status.podIP"}}
    env = [{"name": "COLOUR", "valueFrom": colour}, {"name": "IP", "valueFrom": address}]
    assert environment(container(*env), kept, FACTS) == {"COLOUR": "green", "IP": "10.0.0.7"}


def test_a_secret_that_is_missing_is_named_unless_it_may_be_missing(kept: Kept) -> None:
    assert environment(container(of_secret("KEY", "key", optional=True)), kept, FACTS) == {}
    with pytest.raises(CannotProve, match="the key key of the Secret store-orders-db"):
        environment(container(of_secret("KEY", "key")), kept, FACTS)


@pytest.mark.parametrize(
    "strange",
    [
        container(envFrom=[{"secretRef": {"name": "all"}}]),
        container({"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}),
        container({"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}),
    ],
)
def test_what_is_not_done_here_is_refused_and_not_passed_over(
    strange: Container, kept: Kept
) -> None:
    with pytest.raises(NotUnderstood):
        environment(strange, kept, FACTS)


def test_a_later_rendering_changes_no_secret_but_every_config_map(kept: Kept) -> None:
    config = {"kind": "ConfigMap", "metadata": {"name": "looks"}, "data": {"colour": "red"}}
    kept.keep(Objects([secret("store-orders-db", password="new"), Object(config)]))
    assert kept.secret("store-orders-db") == {"password": b"p$$w"}
    assert kept.config("looks") == {"colour": b"red"}
