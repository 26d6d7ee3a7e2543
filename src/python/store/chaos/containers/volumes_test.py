import io
import tarfile
from decimal import Decimal
from typing import Any

import pytest

from store.chaos.containers.config_objects import ConfigObjects
from store.chaos.containers.manifest import UnsupportedManifest
from store.chaos.containers.quantities import quantity
from store.chaos.containers.volume_content import archive
from store.chaos.containers.volumes import File, Volume, volumes_of
from store.charttest.objects import Object, Objects, Pod
from store.cli.errors import CannotProve

RULES = {"kind": "ConfigMap", "metadata": {"name": "rules"}, "data": {"a.yaml": "a", "b.yaml": "b"}}
KEYS = {"kind": "Secret", "metadata": {"name": "keys"}, "stringData": {"key": "k"}}


@pytest.fixture
def configs() -> ConfigObjects:
    configs = ConfigObjects()
    configs.add(Objects([Object(RULES), Object(KEYS)]))
    return configs


def pod(*volumes: dict[str, Any], group: int | None = 10001) -> Pod:
    security = {} if group is None else {"fsGroup": group}
    spec = {"volumes": list(volumes), "securityContext": security, "containers": []}
    found = Object({"kind": "Pod", "metadata": {"name": "it"}, "spec": spec}).pod
    assert found
    return found


def test_files_can_be_read_by_the_group_of_the_pod(configs: ConfigObjects) -> None:
    secret = {"name": "s", "secret": {"secretName": "keys", "defaultMode": 0o400}}
    assert volumes_of(pod(secret), configs, {})["s"].files == {"key": File(b"k", 0o440)}
    assert volumes_of(pod(secret, group=None), configs, {})["s"].files == {"key": File(b"k", 0o400)}


def test_items_choose_and_rename(configs: ConfigObjects) -> None:
    items = [{"key": "b.yaml", "path": "rules/b.yaml", "mode": 0o600}]
    config = {"name": "c", "configMap": {"name": "rules", "items": items}}
    files = volumes_of(pod(config), configs, {})["c"].files
    assert files == {"rules/b.yaml": File(b"b", 0o640)}
    absent = {"name": "rules", "items": [{"key": "absent", "path": "x"}]}
    with pytest.raises(UnsupportedManifest, match="absent"):
        volumes_of(pod({"name": "c", "configMap": absent}), configs, {})


def test_claims_and_empty_folders(configs: ConfigObjects) -> None:
    named = {"name": "backups", "persistentVolumeClaim": {"claimName": "store-backups"}}
    scratch = {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}}
    volumes = volumes_of(pod(named, scratch), configs, {"data": "data-store-orders-db-0"})
    assert volumes == {
        "backups": Volume("backups", claim="store-backups"),
        "tmp": Volume("tmp", bytes=64 * 2**20),
        "data": Volume("data", claim="data-store-orders-db-0"),
    }
    assert [each.name for each in volumes.values() if each.is_empty_dir] == ["tmp"]


def test_other_kinds_are_refused(configs: ConfigObjects) -> None:
    with pytest.raises(UnsupportedManifest, match="hostPath"):
        volumes_of(pod({"name": "h", "hostPath": {"path": "/"}}), configs, {})


def test_a_volume_belongs_to_the_group_and_its_files_have_their_modes() -> None:
    packed = archive(10001, {"rules/a.yaml": File(b"a", 0o440)})
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        entries = {each.name: (each.mode, each.uid, each.gid) for each in tar.getmembers()}
        content = tar.extractfile("filled/rules/a.yaml")
        assert content
        assert content.read() == b"a"
    assert entries == {"filled": (0o2775, 0, 10001), "filled/rules/a.yaml": (0o440, 0, 10001)}


@pytest.mark.parametrize(
    ("text", "number"),
    [("192Mi", 192 * 2**20), ("1Gi", 2**30), ("50m", Decimal("0.05")), ("1.5", Decimal("1.5")),
     (2, 2), ("100M", 10**8), ("65536k", 65_536_000)],
)  # fmt: skip
def test_quantities(text: str | int, number: Decimal | int) -> None:
    assert quantity(text) == number


def test_what_is_no_quantity_is_refused() -> None:
    for text in ("", "Mi", "5MB", "-1"):
        with pytest.raises(CannotProve):
            quantity(text)
