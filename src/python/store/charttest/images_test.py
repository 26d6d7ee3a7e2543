"""Every image is a value: what runs can be mirrored, pinned and named in a cluster that pulls nothing."""

import re

import pytest

from store.charttest.objects import Objects
from store.charttest.testing import SETS, rendered

OURS = ("users", "inventory", "orders", "gateway", "proof", "postgres", "prometheus")
DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
OF_THEIR_OWN_VERSION = ("prometheus", "grafana")
"""Neither restarts when the services are upgraded."""
EVERYTHING = {"demo": {"catalogue": True}}


def images(objects: Objects) -> set[str]:
    return {container.image for container in objects.containers}


def digest(name: str) -> str:
    return f"sha256:{name.encode().hex():0<64.64}"


def test_no_image_moves(objects: Objects) -> None:
    for image in images(objects):
        tag = image.rsplit(":", 1)[1]
        assert tag not in ("latest", ""), image


def test_by_default_images_are_those_that_pants_builds_and_grafanas() -> None:
    names = {image.rsplit(":", 1)[0] for image in images(rendered(EVERYTHING))}
    assert names == {*(f"virtual-store/{name}" for name in OURS), "grafana/grafana"}


def test_every_image_can_be_mirrored_and_pinned() -> None:
    """An image that were not a value would keep its name."""
    each = {
        name: {"registry": f"{name}.example", "digest": digest(name)} for name in (*OURS, "grafana")
    }
    assert images(rendered(EVERYTHING, {"images": each})) == {
        *(f"{name}.example/virtual-store/{name}@{digest(name)}" for name in OURS),
        f"grafana.example/grafana/grafana@{digest('grafana')}",
    }


def test_one_registry_and_one_tag_hold_for_all_that_are_ours() -> None:
    found = images(
        rendered(EVERYTHING, {"image": {"registry": "r.example:5000/shop", "tag": "3f1c2ab"}})
    )
    registry = "r.example:5000/shop/virtual-store/"
    ours = {f"{registry}{name}:3f1c2ab" for name in OURS if name not in OF_THEIR_OWN_VERSION}
    assert ours <= found
    others = {image.rpartition(":")[0] for image in found - ours}
    assert others == {f"{registry}prometheus", "grafana/grafana"}


@pytest.mark.parametrize("name", OF_THEIR_OWN_VERSION)
def test_a_version_of_its_own_can_be_replaced_like_any_other(name: str) -> None:
    (image,) = (
        each for each in images(rendered({"images": {name: {"tag": "mine"}}})) if name in each
    )
    assert image.endswith(":mine")


def test_a_tag_of_its_own_wins_and_a_digest_over_it() -> None:
    values = {"users": {"tag": "1"}, "orders": {"tag": "1", "digest": digest("orders")}}
    found = images(rendered({"image": {"tag": "2"}, "images": values}))
    assert {"virtual-store/users:1", f"virtual-store/orders@{digest('orders')}"} <= found


@pytest.mark.parametrize("policy", ["Never", "Always"])
def test_how_images_are_pulled_is_one_value_for_all(policy: str) -> None:
    objects = rendered(EVERYTHING, {"image": {"pullPolicy": policy, "pullSecrets": ["mirror"]}})
    assert {each.manifest["imagePullPolicy"] for each in objects.containers} == {policy}
    assert all(pod.spec["imagePullSecrets"] == [{"name": "mirror"}] for pod in objects.pods)


def test_the_closed_cluster_runs_nothing_but_what_is_pinned_in_its_mirror() -> None:
    for image in images(rendered(*SETS["closed-cluster"])):
        assert image.startswith("mirror.internal:5000/"), image
        assert DIGEST.search(image), image


def test_where_images_are_loaded_by_hand_all_are_ours_and_none_is_pulled() -> None:
    objects = rendered(*SETS["loaded-images"])
    tags = dict(image.removeprefix("virtual-store/").split(":") for image in images(objects))
    own_version = tags.pop("prometheus")
    assert re.fullmatch(r"[0-9.]+-[0-9]+", own_version)
    assert tags == {name: "dev" for name in OURS if name not in OF_THEIR_OWN_VERSION}
    assert {each.manifest["imagePullPolicy"] for each in objects.containers} == {"Never"}
