"""What NetworkPolicies allow: whether a pod reaches a port, and which doors lead outside.

Source: the specification of NetworkPolicy (networking.k8s.io/v1): policies add up; a connection needs
both its ends to allow it; a pod that no policy selects for a direction allows all of it.
"""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from store.charttest.objects import Json, Object, Objects, Pod

NAMESPACE = "kubernetes.io/metadata.name"
INGRESS, EGRESS = "Ingress", "Egress"


@dataclass(frozen=True)
class Endpoint:
    """A pod as the network sees it, or an address that is no pod's."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    namespace: Mapping[str, str] | None = None
    """The labels of its namespace; None for an address outside."""
    ports: Mapping[str, int] = field(default_factory=dict)
    address: str = ""

    @classmethod
    def of(cls, pod: Pod, namespace: str) -> "Endpoint":
        return cls(pod.component or pod.name, pod.labels, {NAMESPACE: namespace}, pod.ports)


@dataclass(frozen=True)
class Network:
    """The policies of one namespace, which has the name `namespace`."""

    policies: Sequence[Object]
    namespace: str = "store"

    @classmethod
    def of(cls, objects: Objects, namespace: str = "store") -> "Network":
        return cls(objects.of("NetworkPolicy"), namespace)

    def allows(self, source: Endpoint, target: Endpoint, port: int, protocol: str = "TCP") -> bool:
        """Whether `source` may open a connection to this port of `target`."""
        leaves = self._allowed(EGRESS, source, target, target, port, protocol)
        return leaves and self._allowed(INGRESS, target, source, target, port, protocol)

    def selecting(self, pod: Endpoint, direction: str) -> list[Object]:
        """The policies that this pod stands under in this direction."""
        here = pod.namespace is not None and pod.namespace.get(NAMESPACE) == self.namespace
        return [
            policy
            for policy in self.policies
            if here
            and direction in policy_types(policy)
            and selects(policy.spec.get("podSelector") or {}, pod.labels)
        ]

    def rules(self, pod: Endpoint, direction: str) -> Iterator[Json]:
        """Every rule that opens something to this pod (`Ingress`) or from it (`Egress`)."""
        for policy in self.selecting(pod, direction):
            yield from policy.spec.get(direction.lower()) or []

    def _allowed(
        self,
        direction: str,
        pod: Endpoint,
        other: Endpoint,
        target: Endpoint,
        port: int,
        protocol: str,
    ) -> bool:
        if not self.selecting(pod, direction):
            return True
        return any(
            self._is_peer(rule.get("from" if direction == INGRESS else "to"), other)
            and _has_port(rule.get("ports"), target, port, protocol)
            for rule in self.rules(pod, direction)
        )

    def _is_peer(self, peers: Sequence[Json] | None, other: Endpoint) -> bool:
        """No peers are all peers: so says the specification."""
        return not peers or any(self._matches(peer, other) for peer in peers)

    def _matches(self, peer: Json, other: Endpoint) -> bool:
        if "ipBlock" in peer:
            return in_block(peer["ipBlock"], other.address)
        if other.namespace is None:
            return False
        if "namespaceSelector" in peer:
            in_namespace = selects(peer["namespaceSelector"] or {}, other.namespace)
        else:
            in_namespace = other.namespace.get(NAMESPACE) == self.namespace
        return in_namespace and selects(peer.get("podSelector") or {}, other.labels)


def policy_types(policy: Object) -> list[str]:
    """The directions that a policy is about; unsaid it is incoming, and outgoing if it has such rules."""
    unsaid = [INGRESS, EGRESS] if policy.spec.get("egress") else [INGRESS]
    return policy.spec.get("policyTypes") or unsaid


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a label selector takes these labels; an empty one takes all."""
    wanted = selector.get("matchLabels") or {}
    expressions = selector.get("matchExpressions") or []
    return wanted.items() <= labels.items() and all(_holds(each, labels) for each in expressions)


def _holds(expression: Json, labels: Mapping[str, str]) -> bool:
    key, values = expression["key"], expression.get("values") or []
    return {
        "In": labels.get(key) in values,
        "NotIn": labels.get(key) not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }[expression["operator"]]


def in_block(block: Json, address: str) -> bool:
    """Whether an address is in an ipBlock and in none of its exceptions; a pod without one is not."""
    if not address:
        return False
    ip = ipaddress.ip_address(address)
    inside = ip in ipaddress.ip_network(block["cidr"])
    return inside and not any(
        ip in ipaddress.ip_network(each) for each in block.get("except") or []
    )


def _has_port(ports: Sequence[Json] | None, target: Endpoint, port: int, protocol: str) -> bool:
    """No ports are all ports: so says the specification. A name is one of the target's."""
    if not ports:
        return True
    return any(
        _is_port(each, target, port) for each in ports if each.get("protocol", "TCP") == protocol
    )


def _is_port(allowed: Json, target: Endpoint, port: int) -> bool:
    first: int | str = allowed.get("port", port)
    if isinstance(first, str):
        return target.ports.get(first) == port
    last: int = allowed.get("endPort", first)
    return first <= port <= last
