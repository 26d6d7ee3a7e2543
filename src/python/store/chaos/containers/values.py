"""The values of a release that runs on one machine to be broken: few replicas, and none that come and go."""

from collections.abc import Mapping
from typing import Any

from store.devstack.accounts import ADMIN

RELEASE = "store"
NAMESPACE = "store"
APIS, WORKERS = 3, 2
REGISTRATIONS_PER_HOUR = 1_000_000  # all customers come from this one machine


def values(tag: str, subscriber: str, port: int) -> Mapping[str, Any]:
    """Images of this tag, and policies that let messages go to our subscriber at this address."""
    private = {"WEBHOOK_PRIVATE_ADDRESSES": "true"}
    return {
        "image": {"tag": tag},
        "admin": {"email": ADMIN},
        "users": _fixed(1, {"REGISTRATIONS_PER_HOUR": str(REGISTRATIONS_PER_HOUR)}),
        "inventory": _fixed(1),
        "inventoryRpc": _fixed(1),
        "orders": _fixed(APIS, private),
        "ordersWork": _fixed(WORKERS, private),
        # Its image comes from elsewhere.
        "monitoring": {"grafana": {"enabled": False}},
        "networkPolicy": {"subscribers": [{"cidr": f"{subscriber}/32", "port": port}]},
    }


def _fixed(replicas: int, settings: Mapping[str, str] | None = None) -> Mapping[str, Any]:
    return {
        "replicas": replicas,
        "autoscaling": {"enabled": False},
        "settings": dict(settings or {}),
    }
