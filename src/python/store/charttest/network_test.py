"""The evaluator itself, by small policies."""

from typing import Any

import pytest

from store.charttest.network import Endpoint, Network, in_block
from store.charttest.objects import Object

HERE = {"kubernetes.io/metadata.name": "store"}
THERE = {"kubernetes.io/metadata.name": "elsewhere", "team": "a"}
SHOP = Endpoint("shop", {"app": "shop"}, HERE, {"http": 8000})
DATA = Endpoint("data", {"app": "data", "tier": "back"}, HERE, {"sql": 5432})
STRANGER = Endpoint("stranger", {"app": "shop"}, THERE)
WORLD = Endpoint("world", address="203.0.113.7")


def network(*specs: dict[str, Any]) -> Network:
    return Network([Object({"kind": "NetworkPolicy", "metadata": {}, "spec": s}) for s in specs])


def reaches(specs: list[dict[str, Any]], source: Endpoint, target: Endpoint, port: int) -> bool:
    return network(*specs).allows(source, target, port)


NOTHING: dict[str, Any] = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
TO_DATA: dict[str, Any] = {
    "podSelector": {"matchLabels": {"app": "shop"}},
    "policyTypes": ["Egress"],
    "egress": [
        {"to": [{"podSelector": {"matchLabels": {"app": "data"}}}], "ports": [{"port": 5432}]}
    ],
}
FROM_SHOP: dict[str, Any] = {
    "podSelector": {"matchLabels": {"app": "data"}},
    "ingress": [
        {"from": [{"podSelector": {"matchLabels": {"app": "shop"}}}], "ports": [{"port": "sql"}]}
    ],
}


def from_peers(*peers: dict[str, Any]) -> dict[str, Any]:
    return {"podSelector": {}, "ingress": [{"from": list(peers)}]}


def test_without_policies_everything_is_open() -> None:
    assert reaches([], SHOP, DATA, 5432)


def test_a_policy_without_rules_closes_what_it_selects() -> None:
    assert not reaches([NOTHING], SHOP, DATA, 5432)


def test_a_path_needs_both_of_its_ends() -> None:
    assert not reaches([NOTHING, TO_DATA], SHOP, DATA, 5432)
    assert not reaches([NOTHING, FROM_SHOP], SHOP, DATA, 5432)
    assert reaches([NOTHING, TO_DATA, FROM_SHOP], SHOP, DATA, 5432)


def test_a_path_leads_one_way_to_one_port() -> None:
    paths = [NOTHING, TO_DATA, FROM_SHOP]
    assert not reaches(paths, DATA, SHOP, 5432)
    assert not reaches(paths, SHOP, DATA, 5433)
    assert not network(*paths).allows(SHOP, DATA, 5432, protocol="UDP")


def test_policies_without_types_are_about_what_they_have_rules_for() -> None:
    assert reaches([FROM_SHOP], DATA, SHOP, 8000)
    without_types = {**TO_DATA, "policyTypes": None}
    assert not reaches([without_types], SHOP, DATA, 1)
    assert not reaches([without_types], DATA, SHOP, 8000)


def test_pods_of_another_namespace_are_other_pods() -> None:
    assert not reaches([FROM_SHOP], STRANGER, DATA, 5432)
    assert reaches(
        [from_peers({"namespaceSelector": {"matchLabels": {"team": "a"}}})], STRANGER, DATA, 1
    )
    both = {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "data"}}}
    assert not reaches([from_peers(both)], STRANGER, DATA, 1)


def test_a_policy_holds_in_its_own_namespace_alone() -> None:
    assert reaches([TO_DATA], STRANGER, DATA, 1)


def test_a_rule_without_peers_or_ports_is_open_to_all() -> None:
    assert reaches([{"podSelector": {}, "ingress": [{}]}], WORLD, DATA, 1)
    assert not reaches([{"podSelector": {}, "ingress": []}], WORLD, DATA, 1)


def test_addresses_are_in_a_block_and_pods_are_not() -> None:
    world = {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}
    assert reaches([from_peers(world)], WORLD, DATA, 1)
    assert not reaches([from_peers(world)], SHOP, DATA, 1)
    assert not reaches([from_peers(world)], Endpoint("x", address="10.1.2.3"), DATA, 1)
    assert not reaches([from_peers({"podSelector": {}})], WORLD, DATA, 1)
    assert in_block({"cidr": "2001:db8::/32"}, "2001:db8::1")


@pytest.mark.parametrize(
    ("expression", "held"),
    [
        ({"key": "tier", "operator": "In", "values": ["back"]}, True),
        ({"key": "tier", "operator": "NotIn", "values": ["back"]}, False),
        ({"key": "tier", "operator": "Exists"}, True),
        ({"key": "tier", "operator": "DoesNotExist"}, False),
    ],
)
def test_expressions_select_as_labels_do(expression: dict[str, Any], held: bool) -> None:
    closed = {"podSelector": {"matchExpressions": [expression]}}
    assert reaches([closed], SHOP, DATA, 5432) is not held


def test_a_range_of_ports_has_its_ends() -> None:
    some = {"podSelector": {}, "ingress": [{"ports": [{"port": 5000, "endPort": 6000}]}]}
    assert [reaches([some], WORLD, DATA, port) for port in (4999, 5000, 6000, 6001)] == [
        False,
        True,
        True,
        False,
    ]
