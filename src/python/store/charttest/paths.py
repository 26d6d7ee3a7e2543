"""Who may talk to whom in a release, all of it: the paths between its pods, and the doors to outside."""

import re
from collections.abc import Iterator
from typing import Any

from store.charttest.network import EGRESS, INGRESS, Endpoint, Network
from store.charttest.objects import Objects

Path = tuple[str, str, str]
"""From which component to which, and the name of the port there."""

NAMESPACE = "store"


def endpoints(objects: Objects) -> dict[str, Endpoint]:
    """The pods of a release by component; those of one are alike to the network."""
    return {pod.component: Endpoint.of(pod, NAMESPACE) for pod in objects.pods}


def paths(objects: Objects) -> set[Path]:
    """Every path that is open between two pods of the release."""
    network, pods = Network.of(objects, NAMESPACE), endpoints(objects)
    return {
        (source.name, target.name, name)
        for source in pods.values()
        for target in pods.values()
        for name, port in target.ports.items()
        if network.allows(source, target, port)
    }


def doors(objects: Objects) -> set[str]:
    """Every opening between a component and outside, such as `users > 203.0.113.25/32:587`."""
    network = Network.of(objects, NAMESPACE)
    return {
        door
        for pod in endpoints(objects).values()
        for direction in (INGRESS, EGRESS)
        for rule in network.rules(pod, direction)
        for door in _doors(pod, direction, rule)
    }


def _doors(pod: Endpoint, direction: str, rule: dict[str, Any]) -> Iterator[str]:
    ports = "+".join(sorted({str(port["port"]) for port in rule.get("ports") or []})) or "any"
    for peer in rule.get("from" if direction == INGRESS else "to") or [{"anybody": None}]:
        if "podSelector" not in peer or "namespaceSelector" in peer:
            who = _who(peer)
            yield (
                f"{who} > {pod.name}:{ports}"
                if direction == INGRESS
                else f"{pod.name} > {who}:{ports}"
            )


def _who(peer: dict[str, Any]) -> str:
    """Who is outside, in short: a block of addresses, or the labels of a namespace and of its pods."""
    if "ipBlock" in peer:
        block = peer["ipBlock"]
        return str(block["cidr"]) + "".join(f" -{each}" for each in block.get("except") or [])
    if "namespaceSelector" not in peer:
        return "anybody"
    selectors = (peer.get(each) or {} for each in ("namespaceSelector", "podSelector"))
    return "/".join(",".join(_labels(each)) or "any" for each in selectors)


def _labels(selector: dict[str, Any]) -> list[str]:
    return sorted(selector.get("matchLabels", {}).values()) + [
        str(each) for each in selector.get("matchExpressions", [])
    ]


def plan(text: str) -> set[Path]:
    """The paths of a table, such as `orders orders-work -> inventory-rpc grpc`, each of its lines some."""
    found = set()
    for line in re.findall(r"^\s*(\S.*)$", text, re.MULTILINE):
        sources, rest = line.split("->")
        *targets, port = rest.split()
        found |= {(source, target, port) for source in sources.split() for target in targets}
    return found
