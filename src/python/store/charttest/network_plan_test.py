"""The plan of the network, and that exactly it is open: no path more, none less."""

import ipaddress
from typing import Any

import pytest

from store.charttest.network import Endpoint, Network, in_block
from store.charttest.objects import Object, Objects
from store.charttest.paths import doors, endpoints, paths, plan
from store.charttest.testing import SETS, planted, rendered

PLAN = """
    test                        -> users inventory orders gateway http
    demo                        -> users inventory http
    inventory orders            -> users http
    orders orders-work          -> inventory-rpc grpc
    orders orders-work          -> gateway http
    gateway                     -> orders http
    auditor                     -> gateway http

    users                                        -> users-db postgres
    inventory inventory-rpc                      -> inventory-db postgres
    orders orders-work                           -> orders-db postgres
    gateway                                      -> gateway-db postgres
    users-migrate users-backup users-restore     -> users-db postgres
    inventory-migrate inventory-backup inventory-restore -> inventory-db postgres
    orders-migrate orders-backup orders-restore  -> orders-db postgres
    gateway-migrate gateway-backup gateway-restore -> gateway-db postgres
    auditor                                      -> users-db inventory-db orders-db gateway-db postgres

    prometheus -> users inventory inventory-rpc orders orders-work gateway auditor ops
    grafana    -> prometheus web
"""

DATABASES = "users-db inventory-db orders-db gateway-db"
GATEWAY = "gateway gateway-db gateway-migrate gateway-backup gateway-restore auditor"
BACKUPS = (
    "users-backup users-restore inventory-backup inventory-restore orders-backup orders-restore "
    "gateway-backup gateway-restore"
)
MONITORING = "prometheus grafana"

ABSENT = {
    "defaults": "demo",
    "everything": "",
    "closed-cluster": "demo",
    "external-databases": f"demo {DATABASES}",
    "gateway-api": "demo",
    "loaded-images": "demo grafana",
    "no-monitoring": f"demo {MONITORING}",
    "operator": f"demo {MONITORING}",
    "production": f"demo {MONITORING} {DATABASES} {GATEWAY}",
    "single-node": BACKUPS,
    "stripe": f"demo {GATEWAY}",
    "bare": f"demo {MONITORING} {DATABASES} {GATEWAY} {BACKUPS}",
}
"""What of the plan a set of values does not have, and with it the paths from there and to there."""

PRIVATE = "-10.0.0.0/8 -100.64.0.0/10 -169.254.0.0/16 -172.16.0.0/12 -192.168.0.0/16"
WORLD = f"0.0.0.0/0 {PRIVATE}:443"
EXTERNAL = "10.20.0.0/28:5432"
SERVING = ("users", "inventory", "inventory-rpc", "orders", "orders-work")

DOORS: dict[str, set[str]] = {
    "external-databases": {
        f"{service}{what} > {EXTERNAL}"
        for service in ("users", "inventory", "orders", "gateway")
        for what in ("", "-migrate", "-backup", "-restore")
    }
    | {f"{each} > {EXTERNAL}" for each in ("inventory-rpc", "orders-work", "auditor")},
    "gateway-api": {
        f"gateways/public > {each}:8000" for each in ("users", "inventory", "orders", "gateway")
    },
    "operator": {f"monitoring/any > {each}:9000" for each in (*SERVING, "gateway", "auditor")},
    "everything": {f"monitoring/any > {each}:9000" for each in (*SERVING, "gateway", "auditor")},
    "stripe": {f"ingress-nginx/any > {each}:8000" for each in ("users", "inventory", "orders")}
    | {f"{each} > {WORLD}" for each in ("orders", "orders-work")},
    "production": {
        f"ingress-nginx/controller > {each}:8000" for each in ("users", "inventory", "orders")
    }
    | {f"monitoring/any > {each}:9000" for each in SERVING}
    | {
        f"{service}{what} > {EXTERNAL}"
        for service in ("users", "inventory", "orders")
        for what in ("", "-migrate", "-backup", "-restore")
    }
    | {f"{each} > {EXTERNAL}" for each in ("inventory-rpc", "orders-work")}
    | {f"{each} > {WORLD}" for each in ("orders", "orders-work")}
    | {f"{each} > tracing/otel-collector:4318" for each in SERVING}
    | {"users > 198.51.100.25/32:587", "orders-work > 203.0.113.0/24:443"},
}
"""What leads outside, besides the name server; a set that is not here has nothing."""

DNS = "kube-system/kube-dns:53"
FENCED = [name for name in SETS if name != "bare"]


def is_there(name: str, component: str) -> bool:
    return component not in ABSENT[name].split()


def planned(name: str) -> set[tuple[str, str, str]]:
    return {
        (source, target, port)
        for source, target, port in plan(PLAN)
        if is_there(name, source) and is_there(name, target)
    }


def both(name: str) -> Objects:
    """What an installation has, and what an upgrade has besides."""
    return Objects([*rendered(*SETS[name]), *rendered(*SETS[name], is_upgrade=True)])


@pytest.mark.parametrize("name", SETS)
def test_the_release_has_the_components_of_the_plan_and_no_others(name: str) -> None:
    every = {component for source, target, _ in plan(PLAN) for component in (source, target)}
    assert set(endpoints(both(name))) == {each for each in every if is_there(name, each)}


@pytest.mark.parametrize("name", FENCED)
def test_between_pods_the_plan_is_open_and_nothing_else(name: str) -> None:
    assert paths(both(name)) == planned(name)


@pytest.mark.parametrize("name", FENCED)
def test_what_leads_outside_is_what_the_values_name(name: str) -> None:
    named = {door for door in doors(rendered(*SETS[name])) if not door.endswith(DNS)}
    assert named == DOORS.get(name, set())


@pytest.mark.parametrize("name", FENCED)
def test_who_calls_somebody_may_ask_for_names_and_who_does_not_may_not(name: str) -> None:
    asking = {door.split(" > ")[0] for door in doors(both(name)) if door.endswith(DNS)}
    assert asking == {each for each in endpoints(both(name)) if not each.endswith("-db")}


@pytest.mark.parametrize("name", FENCED)
def test_a_name_is_asked_over_udp_and_over_tcp(name: str) -> None:
    namespace = {"kubernetes.io/metadata.name": "kube-system"}
    server = Endpoint("dns", {"k8s-app": "kube-dns"}, namespace, {"dns": 53})
    network, orders = Network.of(rendered(*SETS[name])), endpoints(rendered(*SETS[name]))["orders"]
    assert all(network.allows(orders, server, 53, protocol) for protocol in ("UDP", "TCP"))
    assert not network.allows(orders, server, 443)


def test_switched_off_there_are_no_policies() -> None:
    assert rendered(*SETS["bare"]).of("NetworkPolicy") == []


@pytest.mark.parametrize("name", FENCED)
def test_a_pod_that_nobody_thought_of_can_do_nothing(name: str) -> None:
    network, pods = Network.of(rendered(*SETS[name])), endpoints(rendered(*SETS[name]))
    labels = {**pods["users"].labels, "app.kubernetes.io/component": "unthought-of"}
    unknown = Endpoint("unknown", labels, pods["users"].namespace, {"http": 8000})
    for pod in pods.values():
        assert not any(network.allows(unknown, pod, port) for port in pod.ports.values())
        assert not network.allows(pod, unknown, 8000)
    assert not network.allows(unknown, Endpoint("world", address="203.0.113.7"), 443)


def rules(objects: Objects) -> list[tuple[Object, dict[str, Any], list[Any]]]:
    """Every rule of every policy, with its peers."""
    return [
        (policy, rule, rule.get("from") or rule.get("to") or [])
        for policy in objects.of("NetworkPolicy")
        for rule in [*(policy.spec.get("ingress") or []), *(policy.spec.get("egress") or [])]
    ]


def wildcards(objects: Objects) -> list[str]:
    """Rules for everybody or for all ports, selectors that select all, addresses that are everywhere."""
    found = []
    for policy, rule, peers in rules(objects):
        if not peers or not rule.get("ports") or any("port" not in each for each in rule["ports"]):
            found.append(f"{policy}: a rule for all peers or all ports")
        for peer in peers:
            if any(not peer[each].get("matchLabels") for each in peer if each.endswith("Selector")):
                found.append(f"{policy}: {peer} selects all")
            if "ipBlock" in peer and is_everywhere(peer["ipBlock"], rule["ports"]):
                found.append(f"{policy}: {peer} is everywhere")
    return found


def is_everywhere(block: dict[str, Any], ports: list[dict[str, Any]]) -> bool:
    """Whether this is most of the world on another port than 443, or with what is private in it."""
    if ipaddress.ip_network(block["cidr"]).prefixlen >= 8:
        return False
    inside = ("10.1.2.3", "100.64.0.1", "169.254.169.254", "172.16.0.1", "192.168.0.1")
    return [each["port"] for each in ports] != [443] or any(
        in_block(block, each) for each in inside
    )


def test_no_policy_has_a_wildcard(objects: Objects) -> None:
    assert wildcards(objects) == []


ORDERS = ("NetworkPolicy", "store-orders")


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({}, "all peers"),
        ({"to": [{"podSelector": {"matchLabels": {"a": "b"}}}]}, "all ports"),
        ({"to": [{"podSelector": {}}], "ports": [{"port": 1}]}, "selects all"),
        ({"to": [{"namespaceSelector": {}}], "ports": [{"port": 1}]}, "selects all"),
        ({"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"port": 443}]}, "is everywhere"),
    ],
)
def test_a_planted_wildcard_is_found(rule: dict[str, Any], message: str) -> None:
    opened = planted(*ORDERS, lambda it: it["spec"]["egress"].append(rule))
    assert [each for each in wildcards(opened) if message in each]


def test_a_path_that_is_closed_or_opened_is_noticed() -> None:
    shut = planted(*ORDERS, lambda it: it["spec"].update(egress=[]))
    assert ("orders", "orders-db", "postgres") not in paths(shut)
    ajar = planted("NetworkPolicy", "store-users-db", lambda it: it["spec"].update(ingress=[{}]))
    assert paths(ajar) == paths(rendered())  # whoever calls has to be let out, too
    world = planted(*ORDERS, lambda it: it["spec"]["egress"].append({"ports": [{"port": 5432}]}))
    assert doors(world) - doors(rendered()) == {"orders > anybody:5432"}
