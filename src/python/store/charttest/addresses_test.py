from typing import Any

import pytest

from store.charttest.addresses import ADDRESS, called, calls, unreachable
from store.charttest.objects import Objects
from store.charttest.paths import paths
from store.charttest.testing import SETS, planted, rendered


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("http://store-users:8000/.well-known/jwks.json", [("store-users", "8000")]),
        ("store-inventory-rpc:7000", [("store-inventory-rpc", "7000")]),
        ("postgresql://users:$(PASSWORD)@store-users-db:5432/users", [("store-users-db", "5432")]),
        ("https://shop.example.com", []),
        ("discard:", []),
    ],
)
def test_addresses_are_found_as_programs_read_them(text: str, found: list[Any]) -> None:
    assert ADDRESS.findall(text) == found


def test_whoever_is_called_inside_is_there_and_may_be_called(objects: Objects) -> None:
    assert unreachable(objects) == []


def test_during_an_upgrade_as_well(upgraded: Objects) -> None:
    assert unreachable(upgraded) == []


@pytest.mark.parametrize("name", [name for name in SETS if name != "bare"])
def test_no_path_is_open_that_nobody_takes(name: str) -> None:
    assert called(rendered(*SETS[name])) == paths(rendered(*SETS[name]))


def test_outside_the_release_only_what_the_values_name_is_called() -> None:
    asked = {host for name in SETS for _, host, _ in calls(rendered(*SETS[name]))}
    assert {host for host in asked if not host.startswith("store-")} == {
        "otel-collector.tracing.svc"
    }


def environment(manifest: Any) -> Any:
    return manifest["spec"]["template"]["spec"]["containers"][0]["env"]


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("http://store-nobody:8000", "nobody there"),
        ("http://store-inventory:8001", "nobody there"),
        ("http://store-inventory:8000", "the network is closed"),
        ("http://store-inventory.store.svc:8000", "the network is closed"),
    ],
)
def test_a_call_that_would_not_be_answered_is_found(address: str, message: str) -> None:
    objects = planted(
        "Deployment",
        "store-users",
        lambda it: environment(it).append({"name": "A_URL", "value": address}),
    )
    assert [message in each for each in unreachable(objects)] == [True]
