"""Every object as the oldest and the newest Kubernetes that we support know its kind."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
from kubernetes_validate import utils

from store.charttest import helm
from store.charttest.objects import Object, Objects
from store.charttest.testing import SETS, planted, rendered

OLDEST, NEWEST = "1.33", "1.37"

CUSTOM = {
    "ServiceMonitor": {
        "apiVersion": "monitoring.coreos.com/v1",
        "must": {"spec.selector.matchLabels.*", "spec.endpoints[].port"},
        "may": {
            "spec.endpoints[].interval",
            "spec.endpoints[].scrapeTimeout",
            "spec.endpoints[].path",
            "spec.endpoints[].relabelings[].targetLabel",
            "spec.endpoints[].relabelings[].replacement",
        },
    },
    "PrometheusRule": {
        "apiVersion": "monitoring.coreos.com/v1",
        "must": {"spec.groups[].name", "spec.groups[].rules[].expr"},
        "may": {
            "spec.groups[].interval",
            "spec.groups[].rules[].alert",
            "spec.groups[].rules[].record",
            "spec.groups[].rules[].for",
            "spec.groups[].rules[].keep_firing_for",
            "spec.groups[].rules[].labels.*",
            "spec.groups[].rules[].annotations.*",
        },
    },
    "HTTPRoute": {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "must": {
            "spec.parentRefs[].name",
            "spec.hostnames[]",
            "spec.rules[].matches[].path.type",
            "spec.rules[].matches[].path.value",
            "spec.rules[].backendRefs[].name",
            "spec.rules[].backendRefs[].port",
        },
        "may": {"spec.parentRefs[].namespace", "spec.parentRefs[].sectionName"},
    },
}
"""Kinds that a cluster has by extension: which fields their objects must have, and which may."""

NAMES = ("matchLabels", "labels", "annotations")
"""Fields whose keys are names that anybody chooses."""


@pytest.fixture(autouse=True)
def schemas_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Definitions of all kinds are 1.5 MB, and would be read anew for each object."""
    monkeypatch.setattr(utils, "schema_contents", _schema)


_schema = cache(utils.schema_contents)


def faults(objects: Objects, version: str) -> list[str]:
    """What this version of Kubernetes would refuse or drop, with its path."""
    asked = [(json.dumps(each.manifest, sort_keys=True), str(each)) for each in objects]
    return [f"{name}: {fault}" for text, name in asked if (fault := _fault(text, version))]


@cache
def _fault(text: str, version: str) -> str:
    manifest = json.loads(text)
    if manifest["kind"] in CUSTOM:
        return _misshaped(Object(manifest))
    try:
        kubernetes_validate.validate(manifest, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return f"{'.'.join(map(str, error.absolute_path))}: {error.message}"
    except kubernetes_validate.SchemaNotFoundError as error:
        return str(error.message)
    return ""


def _misshaped(custom: Object) -> str:
    shape: Any = CUSTOM[custom.kind]
    has = set(_fields(custom.spec, "spec"))
    if custom.api_version != shape["apiVersion"]:
        return f"apiVersion is {custom.api_version}"
    return ", ".join(sorted(shape["must"] - has) + sorted(has - shape["must"] - shape["may"]))


def _fields(value: Any, path: str) -> Iterator[str]:
    """The paths of all values, such as `spec.endpoints[].port`."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _fields(inner, f"{path}.*" if path.endswith(NAMES) else f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from _fields(inner, f"{path}[]")
    else:
        yield path


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("name", SETS)
def test_every_object_is_as_this_kubernetes_knows_it(name: str, version: str) -> None:
    assert faults(rendered(*SETS[name]), version) == []


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("name", SETS)
def test_every_object_of_an_upgrade_is_too(name: str, version: str) -> None:
    assert faults(rendered(*SETS[name], is_upgrade=True), version) == []


def test_every_kubernetes_gets_the_same_objects() -> None:
    """So what is rendered for one is validated for all."""
    oldest, newest = (rendered(*SETS["everything"], kubernetes=each) for each in (OLDEST, NEWEST))
    specs = [(str(each), each.api_version, each.spec) for each in oldest]
    assert specs == [(str(each), each.api_version, each.spec) for each in newest]


def test_kinds_that_a_cluster_may_lack_come_only_where_they_are_asked_for() -> None:
    asked = {name: {each.kind for each in rendered(*SETS[name])} & CUSTOM.keys() for name in SETS}
    assert {name: kinds for name, kinds in asked.items() if kinds} == {
        "everything": {"ServiceMonitor", "PrometheusRule"},
        "gateway-api": {"HTTPRoute"},
        "operator": {"ServiceMonitor", "PrometheusRule"},
        "production": {"ServiceMonitor", "PrometheusRule"},
    }


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"replicas": "two"}, "'two' is not of type"),
        ({"replica": 2}, "'replica' was unexpected"),
        ({"selector": []}, "[] is not of type"),
    ],
)
def test_a_planted_fault_is_found(fault: dict[str, Any], message: str) -> None:
    objects = planted("Deployment", "store-users", lambda it: it["spec"].update(fault))
    assert [message in each for each in faults(objects, NEWEST)] == [True]


def test_an_unknown_kind_or_version_of_it_is_found() -> None:
    objects = planted("Deployment", "store-users", lambda it: it.update(apiVersion="apps/v1beta1"))
    assert len(faults(objects, NEWEST)) == 1
    objects = planted("Deployment", "store-users", lambda it: it.update(kind="Deploiment"))
    assert len(faults(objects, NEWEST)) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"apiVersion": "monitoring.coreos.com/v2"}, "apiVersion is"),
        ({"spec": {"endpoints": [{"port": "ops"}]}}, "spec.selector.matchLabels.*"),
        (
            {"spec": {"selector": {"matchLabels": {"a": "b"}}, "endpoints": [{"prt": "ops"}]}},
            "[].prt",
        ),
    ],
)
def test_a_misshaped_object_of_an_extension_is_found(change: dict[str, Any], message: str) -> None:
    monitor = rendered(*SETS["operator"]).of("ServiceMonitor")[0]
    assert message in faults(Objects([Object({**monitor.manifest, **change})]), NEWEST)[0]


@pytest.mark.parametrize("name", SETS)
def test_helm_finds_nothing_to_warn_of(name: str) -> None:
    helm.lint(*SETS[name], kubernetes=NEWEST)


def test_an_older_kubernetes_is_refused() -> None:
    with pytest.raises(helm.HelmRefused, match=r"requires kubeVersion: >=1.33.0"):
        helm.render(kubernetes="1.32")
