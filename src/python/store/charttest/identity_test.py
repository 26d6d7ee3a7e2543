"""Names and labels: releases keep apart, names fit, and an upgrade changes nothing that cannot be changed."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from store.charttest import helm
from store.charttest.objects import Object, Objects
from store.charttest.testing import SETS, rendered

LONGEST = "a-release-with-a-very-long-one"
NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
DIFFERENT = ("everything", "production", "gateway-api")
"""Sets of values that have all kinds of objects between them."""
STANDARD = ("name", "instance", "component", "part-of", "version", "managed-by")


def most(each: Object) -> int:
    """How long its name may be: its pods and Jobs add to it, and have labels of at most 63 characters."""
    return {"CronJob": 52, "StatefulSet": 52}.get(each.kind, 63)


@pytest.mark.parametrize("is_upgrade", [False, True])
@pytest.mark.parametrize("name", ["defaults", "everything", "gateway-api", "stripe"])
def test_the_longest_name_of_a_release_fits_everywhere(name: str, is_upgrade: bool) -> None:
    objects = rendered(*SETS[name], release=LONGEST, is_upgrade=is_upgrade)
    assert [str(each) for each in objects if len(each.name) > most(each)] == []
    assert [str(each) for each in objects if not NAME.fullmatch(each.name)] == []
    labels = {value for each in [*objects, *objects.pods] for value in each.labels.values()}
    assert max(map(len, labels)) <= 63


@pytest.mark.parametrize("release", [f"{LONGEST}r", "2nd", "my.store"])
def test_a_release_of_a_name_that_would_not_fit_is_refused(release: str) -> None:
    with pytest.raises(helm.HelmRefused, match=f'the release may not be called "{release}"'):
        rendered(release=release)


def test_no_two_objects_have_one_name(objects: Objects) -> None:
    assert [name for name, times in Counter(map(str, objects)).items() if times > 1] == []


def test_every_object_says_what_it_belongs_to(objects: Objects) -> None:
    for each in objects:
        labels = {f"app.kubernetes.io/{name}" for name in STANDARD}
        assert labels | {"helm.sh/chart"} <= each.labels.keys(), str(each)
        assert each.name.startswith(f"{each.labels['app.kubernetes.io/instance']}-"), str(each)


def test_every_object_is_in_the_namespace_of_the_release(objects: Objects) -> None:
    """None is of the cluster, for which a release would need rights beyond its own."""
    assert {each.metadata.get("namespace", "store") for each in objects} == {"store"}
    of_the_cluster = {
        "Namespace",
        "ClusterRole",
        "ClusterRoleBinding",
        "PersistentVolume",
        "StorageClass",
    }
    assert {each.kind for each in objects} & {
        *of_the_cluster,
        "PriorityClass",
        "IngressClass",
    } == set()


def test_the_different_sets_have_all_kinds_of_objects() -> None:
    kinds = {name: {each.kind for each in rendered(*SETS[name])} for name in SETS}
    assert set().union(*kinds.values()) == set().union(*(kinds[name] for name in DIFFERENT))


@pytest.mark.parametrize("name", DIFFERENT)
def test_releases_beside_each_other_share_no_object(name: str) -> None:
    one, two = (rendered(*SETS[name], release=each) for each in ("shop", "shop-two"))
    assert set(map(str, one)) & set(map(str, two)) == set()


def selectors(objects: Objects) -> list[tuple[str, dict[str, str]]]:
    """Every selector of pods in an object, with where it stands."""
    return [found for each in objects for found in _selectors(each.spec, str(each))]


def _selectors(value: Any, path: str) -> list[tuple[str, dict[str, str]]]:
    found = []
    for key, inner in value.items() if isinstance(value, dict) else ():
        if key in ("selector", "podSelector", "labelSelector") and isinstance(inner, dict):
            found.append((f"{path}.{key}", inner.get("matchLabels", inner)))
        else:
            found += _selectors(inner, f"{path}.{key}")
    for inner in value if isinstance(value, list) else ():
        found += _selectors(inner, path)
    return found


@pytest.mark.parametrize("name", DIFFERENT)
def test_no_selector_finds_pods_of_another_release(name: str) -> None:
    one, two = (rendered(*SETS[name], release=each) for each in ("shop", "shop-two"))
    assert selectors(one)
    for path, labels in selectors(one):
        assert two.selected_by(labels) == [], path


def without_secrets(objects: Objects) -> list[Any]:
    return [
        {**each.manifest, "data": None} if each.kind == "Secret" else each.manifest
        for each in objects
    ]


@pytest.mark.parametrize("name", DIFFERENT)
def test_values_say_all_but_the_secrets_that_are_made_up(name: str) -> None:
    """So that what `helm diff` shows is what changes."""
    assert without_secrets(helm.render(*SETS[name])) == without_secrets(rendered(*SETS[name]))


MUTABLE = {
    "Deployment": {"replicas", "template", "strategy", "minReadySeconds", "revisionHistoryLimit"},
    "StatefulSet": {
        "replicas",
        "template",
        "updateStrategy",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
        "revisionHistoryLimit",
    },
    "Job": {"parallelism", "suspend", "activeDeadlineSeconds", "ttlSecondsAfterFinished"},
    "PersistentVolumeClaim": set[str](),
}
"""What Kubernetes lets be changed of a spec; anything else stops an upgrade."""


def fixed(objects: Objects) -> dict[str, str]:
    return {
        str(each): json.dumps({k: v for k, v in each.spec.items() if k not in MUTABLE[each.kind]})
        for each in objects.of(*MUTABLE)
        if not each.hooks or each.kind == "PersistentVolumeClaim"
    }


@pytest.mark.parametrize(
    "values", [{}, {"image": {"tag": "same"}}], ids=["images-too", "chart-alone"]
)
def test_the_next_version_changes_nothing_that_cannot_be_changed(
    next_chart: Path, values: dict[str, Any]
) -> None:
    """Labels of the version stand in no selector and in no template of a claim."""
    before, after = fixed(rendered(values)), fixed(helm.render(values, chart=next_chart))
    assert "StatefulSet/store-users-db" in before.keys() & after.keys()
    assert {name: after[name] for name in before.keys() & after.keys()} == {
        name: before[name] for name in before.keys() & after.keys()
    }


def test_the_next_version_has_its_own_jobs(next_chart: Path) -> None:
    """Jobs cannot be changed: with another image they are others."""
    jobs, after = (
        set(map(str, each.of("Job"))) for each in (rendered(), helm.render(chart=next_chart))
    )
    assert len(jobs) == len(after) == 4
    assert jobs & after == set()


def test_a_change_of_values_changes_nothing_that_cannot_be_changed() -> None:
    grown = {
        "users": {"replicas": 4, "settings": {"LOG_LEVEL": "debug"}},
        "databases": {"users": {"resources": {"limits": {"memory": "1Gi"}}}},
        "scheduling": {"nodeSelector": {"disk": "ssd"}},
    }
    before, after = fixed(rendered()), fixed(rendered(grown))
    for name in (name for name in before.keys() & after.keys() if not name.startswith("Job/")):
        assert after[name] == before[name], name
