"""values.schema.json: every key of values.yaml is in it, and what is wrong is refused with its path."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
import yaml

from store.charttest.helm import CHART, HelmRefused
from store.charttest.testing import rendered

Key = tuple[str, ...]

VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
FREE = {
    "annotations",
    "dashboardLabels",
    "labels",
    "namespaceLabels",
    "nodeSelector",
    "podLabels",
    "settings",
}
"""Mappings whose keys are names that an operator chooses."""

WRONG: dict[type, Any] = {str: ["five"], int: "five", bool: "perhaps", list: "one", dict: "one"}
"""A value of another type than each."""


def keys(values: dict[str, Any], above: Key = ()) -> Iterator[Key]:
    """Every key of values.yaml, with those above it; those of free mappings are not keys of ours."""
    for name, value in values.items():
        yield (*above, name)
        if isinstance(value, dict) and name not in FREE:
            yield from keys(value, (*above, name))


def at(key: Key) -> Any:
    found: Any = VALUES
    for name in key:
        found = found[name]
    return found


KEYS = list(keys(VALUES))
ids = ".".join


def refusals(change: Callable[[Key], tuple[Key, Any]], some: list[Key]) -> dict[str, str]:
    """What helm says of values in which all these keys are changed, by path."""
    values: dict[str, Any] = {}
    for key in some:
        (*above, name), value = change(key)
        inner = values
        for each in above:
            inner = inner.setdefault(each, {})
        inner[name] = value
    return refused(json.dumps(values))


@cache
def refused(values: str) -> dict[str, str]:
    try:
        rendered(json.loads(values))
    except HelmRefused as refusal:
        found: dict[str, str] = defaultdict(str)
        for path, text in re.findall(r"- at '([^']*)': (.*)", str(refusal)):
            found[path] += text
        return found
    return {}


def pointer(key: Key) -> str:
    return "".join(f"/{name}" for name in key)


@pytest.mark.parametrize("key", KEYS, ids=ids)
def test_a_typo_is_refused_with_its_path(key: Key) -> None:
    messages = refusals(lambda key: ((*key[:-1], f"{key[-1]}x"), at(key)), KEYS)
    assert f"'{key[-1]}x'" in messages[pointer(key[:-1])]


@pytest.mark.parametrize("key", KEYS, ids=ids)
def test_a_value_of_another_type_is_refused_with_its_path(key: Key) -> None:
    """All of one depth at once: a wrong mapping would hide what is in it."""
    beside = [each for each in KEYS if len(each) == len(key)]
    messages = refusals(lambda key: (key, WRONG[type(at(key))]), beside)
    assert re.search(r"got |value must be one of", messages[pointer(key)])


@pytest.mark.parametrize("key", KEYS, ids=ids)
def test_a_value_that_is_taken_away_is_missed_with_its_path(key: Key) -> None:
    """`null` removes a default; no template has to do without one."""
    beside = [each for each in KEYS if len(each) == len(key)]
    messages = refusals(lambda key: (key, None), beside)
    assert f"'{key[-1]}'" in messages[pointer(key[:-1])]


LABELS = [key for key in KEYS if key[-1] in FREE]


@pytest.mark.parametrize("key", LABELS, ids=ids)
def test_what_an_operator_chooses_is_a_text_by_any_name(key: Key) -> None:
    assert refusals(lambda key: (key, {"ANY": "thing"}), LABELS) == {}
    assert "want string" in refusals(lambda key: (key, {"ANY": 5}), LABELS)[f"{pointer(key)}/ANY"]


WORLD = {"cidr": "0.0.0.0/0", "port": 443}

REFUSED: dict[str, tuple[str, Any]] = {
    "a moving tag": ("/image/tag", {"image": {"tag": "latest"}}),
    "a digest of another length": (
        "/images/users/digest",
        {"images": {"users": {"digest": "sha256:12"}}},
    ),
    "a registry with a scheme": ("/image/registry", {"image": {"registry": "https://registry"}}),
    "a policy that is none": ("/image/pullPolicy", {"image": {"pullPolicy": "Sometimes"}}),
    "a host with a scheme": ("/host", {"host": "https://shop.example.com"}),
    "an ingress for no host": ("/host", {"ingress": {"enabled": True}}),
    "a route for no host": (
        "/host",
        {"gatewayApi": {"enabled": True, "parentRefs": [{"name": "g"}]}},
    ),
    "a route to no gateway": (
        "/gatewayApi/parentRefs",
        {"host": "a.b", "gatewayApi": {"enabled": True}},
    ),
    "two ways in": (
        "/gatewayApi/enabled",
        {
            "host": "a.b",
            "ingress": {"enabled": True},
            "gatewayApi": {"enabled": True, "parentRefs": [{"name": "g"}]},
        },
    ),
    "no gateway and no key": ("/existingSecrets/payments", {"gateway": {"enabled": False}}),
    "Stripe out of reach": (
        "/networkPolicy/stripe",
        {
            "gateway": {"enabled": False},
            "existingSecrets": {"payments": "stripe"},
            "networkPolicy": {"stripe": []},
        },
    ),
    "a database out of reach": (
        "/networkPolicy/databases",
        {"databases": {"users": {"external": {"existingSecret": "a"}}}},
    ),
    "passwords of a database that others run": (
        "/existingSecrets/databases/users",
        {
            "databases": {"users": {"external": {"existingSecret": "a"}}},
            "existingSecrets": {"databases": {"users": "b"}},
            "networkPolicy": {"databases": [{"cidr": "10.0.0.1/32", "port": 5432}]},
        },
    ),
    "an authority of no database": (
        "/databases/users/external/existingSecret",
        {"databases": {"users": {"external": {"caSecret": "a"}}}},
    ),
    "a mail server out of reach": ("/networkPolicy/mail", {"existingSecrets": {"mail": "smtp"}}),
    "a collector out of reach": (
        "/networkPolicy/tracing",
        {"tracing": {"endpoint": "http://otel:4318"}},
    ),
    "an alertmanager out of reach": (
        "/networkPolicy/alertmanagers",
        {"monitoring": {"prometheus": {"alertmanagers": ["alertmanager:9093"]}}},
    ),
    "pictures of nothing": (
        "/monitoring/prometheus/enabled",
        {"monitoring": {"prometheus": {"enabled": False}}},
    ),
    "a secret as a setting": (
        "/users/settings/KEY_ENCRYPTION_SECRET",
        {"users": {"settings": {"KEY_ENCRYPTION_SECRET": "a"}}},
    ),
    "a setting that is no variable": (
        "/users/settings",
        {"users": {"settings": {"log-level": "a"}}},
    ),
    "no replica": ("/users/replicas", {"users": {"replicas": 0}}),
    "a label that Kubernetes would refuse": (
        "/scheduling/nodeSelector",
        {"scheduling": {"nodeSelector": {"-disk": "ssd"}}},
    ),
    "half a replica": ("/users/replicas", {"users": {"replicas": 1.5}}),
    "memory without a unit": (
        "/users/resources/limits/memory",
        {"users": {"resources": {"limits": {"memory": "192"}}}},
    ),
    "a unit that is none": (
        "/users/resources/requests/cpu",
        {"users": {"resources": {"requests": {"cpu": "50 millis"}}}},
    ),
    "four fields of five": ("/backups/schedule", {"backups": {"schedule": "17 2 * *"}}),
    "a name with capitals": ("/existingSecrets/users", {"existingSecrets": {"users": "Own"}}),
    "selecting every namespace": (
        "/networkPolicy/dns/namespaceLabels",
        {"networkPolicy": {"dns": {"namespaceLabels": {"kubernetes.io/metadata.name": None}}}},
    ),
    "the whole world and all that is private": (
        "/networkPolicy/mail/0",
        {"networkPolicy": {"mail": [WORLD]}},
    ),
    "an address that is no block": (
        "/networkPolicy/mail/0/cidr",
        {"networkPolicy": {"mail": [{"cidr": "198.51.100.25", "port": 587}]}},
    ),
    "an opening without a port": (
        "/networkPolicy/mail/0",
        {"networkPolicy": {"mail": [{"cidr": "1.2.3.4/32"}]}},
    ),
    "no sender": ("/mail/from", {"mail": {"from": "The store"}}),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_meant_is_refused_with_its_path(what: str) -> None:
    path, values = REFUSED[what]
    assert path in refused(json.dumps(values))


def test_more_replicas_than_the_most_are_refused() -> None:
    with pytest.raises(
        HelmRefused, match=r"users.autoscaling.maxReplicas \(6\) is below users.replicas \(9\)"
    ):
        rendered({"users": {"replicas": 9}})


def test_a_setting_that_the_chart_makes_itself_is_refused() -> None:
    with pytest.raises(HelmRefused, match=r"users.settings.PUBLIC_URL: the chart sets this"):
        rendered({"users": {"settings": {"PUBLIC_URL": "https://elsewhere"}}})
