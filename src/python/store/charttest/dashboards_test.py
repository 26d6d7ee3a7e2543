"""Grafana in a release: our dashboards, unchanged, from our Prometheus, for who has the password."""

import json
import re
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from store.charttest.helm import EXAMPLES
from store.charttest.objects import Container, Json, Objects
from store.charttest.testing import rendered

DASHBOARDS = sorted(Path("grafana/dashboards").glob("*.json"))
PROVISIONING = Path("grafana/provisioning")
OPERATOR = EXAMPLES / "operator.yaml"

MAX_BYTES = 262_144
"""What `kubectl apply` can remember of an object, in one of its annotations; a ConfigMap may have 1 MiB."""


def shown(objects: Objects) -> dict[str, str]:
    """Every dashboard of the release by the name of its file."""
    maps = [each.manifest["data"] for each in objects.of("ConfigMap")]
    return {name: text for data in maps for name, text in data.items() if name.endswith(".json")}


def grafana() -> Container:
    (pod,) = rendered().pods_of("grafana")
    return pod.container("grafana")


def setting(name: str) -> str | None:
    return grafana().env[name].value


def files() -> dict[str, str]:
    """Every file that ConfigMaps bring into Grafana's container, by path."""
    found: dict[str, str] = {}
    for mount, volume_mount in grafana().mounts.items():
        (volume,) = (each for each in grafana().pod.volumes if each["name"] == volume_mount["name"])
        for source in sources(volume):
            for path, text in contents(source).items():
                found[str(PurePosixPath(mount) / path)] = text
    return found


def sources(volume: Json) -> list[Json]:
    projected = volume.get("projected") or {"sources": [volume]}
    return [each["configMap"] for each in projected["sources"] if "configMap" in each]


def contents(source: Json) -> dict[str, str]:
    """What a volume has of a ConfigMap, by path: all of it, unless it says which."""
    data: dict[str, str] = rendered().one("ConfigMap", source["name"]).manifest["data"]
    items = source.get("items") or [{"key": key, "path": key} for key in data]
    return {each["path"]: data[each["key"]] for each in items}


def test_the_dashboards_are_ours_to_the_byte() -> None:
    folder = PurePosixPath(str(setting("DASHBOARDS_PATH")))
    found = {path: text for path, text in files().items() if path.endswith(".json")}
    assert found == {str(folder / file.name): file.read_text() for file in DASHBOARDS}


def test_the_provisioning_is_ours_to_the_byte() -> None:
    folder = PurePosixPath(str(setting("GF_PATHS_PROVISIONING")))
    found = {path: text for path, text in files().items() if path.endswith(".yaml")}
    ours = {file.relative_to(PROVISIONING): file for file in PROVISIONING.rglob("*.yaml")}
    assert found == {str(folder / path): file.read_text() for path, file in ours.items()}


def test_every_variable_of_the_provisioning_is_set() -> None:
    text = "".join(text for path, text in files().items() if path.endswith(".yaml"))
    named = set(re.findall(r"\$([A-Z_]+)", re.sub(r"#.*", "", text)))
    assert named == {"PROMETHEUS_URL", "DASHBOARDS_PATH"}
    assert all(setting(name) for name in named)


def test_it_asks_our_prometheus() -> None:
    service = rendered().one("Service", "store-prometheus")
    (port,) = service.spec["ports"]
    assert setting("PROMETHEUS_URL") == f"http://{service.name}:{port['port']}"
    assert [pod.ports["web"] for pod in rendered().selected_by(service.spec["selector"])] == [9090]


def test_it_begins_with_a_dashboard_that_is_there() -> None:
    assert setting("GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH") in files()


def test_what_it_writes_has_a_place() -> None:
    mounts = grafana().mounts
    for name in ("GF_PATHS_DATA", "GF_PATHS_LOGS", "GF_PATHS_PLUGINS"):
        above = {str(each) for each in PurePosixPath(str(setting(name)), "below").parents}
        (mount,) = above & mounts.keys()
        (volume,) = (v for v in grafana().pod.volumes if v["name"] == mounts[mount]["name"])
        assert "emptyDir" in volume


def test_only_who_has_the_password_gets_in() -> None:
    assert setting("GF_AUTH_ANONYMOUS_ENABLED") == "false"
    assert grafana().env["GF_SECURITY_ADMIN_PASSWORD"].secret == ("store-grafana", "password")
    assert "password" in rendered().one("Secret", "store-grafana").manifest["data"]


def test_the_password_may_be_ones_own() -> None:
    objects = rendered({"existingSecrets": {"grafana": "ours"}})
    (pod,) = objects.pods_of("grafana")
    variable = pod.container("grafana").env["GF_SECURITY_ADMIN_PASSWORD"]
    assert variable.secret == ("ours", "password")
    assert "store-grafana" not in [each.name for each in objects.of("Secret")]


@pytest.mark.parametrize(
    ("name", "value"),
    {
        "GF_ANALYTICS_REPORTING_ENABLED": "false",
        "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
        "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
        "GF_NEWS_NEWS_FEED_ENABLED": "false",
        "GF_PLUGINS_PREINSTALL_DISABLED": "true",
        "GF_SECURITY_DISABLE_GRAVATAR": "true",
    }.items(),
)
def test_it_asks_nobody_outside(name: str, value: str) -> None:
    assert setting(name) == value


def test_kubectl_can_apply_every_dashboard() -> None:
    maps = rendered().of("ConfigMap")
    assert max(len(json.dumps(each.manifest)) for each in maps) < MAX_BYTES


def test_the_grafana_of_an_operator_finds_every_dashboard() -> None:
    objects = rendered(OPERATOR)
    meant = [each for each in objects.of("ConfigMap") if each.labels.get("grafana_dashboard")]
    found: dict[str, Any] = {}
    for each in meant:
        found |= each.manifest["data"]
    assert found == shown(objects) == {file.name: file.read_text() for file in DASHBOARDS}
    assert objects.pods_of("grafana") == []


def test_no_other_grafana_takes_our_own_dashboards() -> None:
    assert [each for each in rendered().of("ConfigMap") if "grafana_dashboard" in each.labels] == []


def test_without_grafana_there_are_no_dashboards() -> None:
    assert shown(rendered({"monitoring": {"grafana": {"enabled": False}}})) == {}
