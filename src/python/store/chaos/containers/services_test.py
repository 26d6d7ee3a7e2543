from typing import Any

import pytest

from store.chaos.containers.manifest import UnsupportedManifest
from store.chaos.containers.network import Network
from store.chaos.containers.services import ClusterService, ClusterServices
from store.charttest.objects import Object, Objects


def workload(kind: str, name: str, port: int, **spec: Any) -> Object:
    ports = [{"name": "postgres", "containerPort": port}]
    containers = [{"name": "it", "image": "i", "ports": ports}]
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": containers}}
    return Object(
        {"kind": kind, "metadata": {"name": name}, "spec": {**spec, "template": template}}
    )


def service(name: str, app: str, port: int = 5432, **spec: Any) -> Object:
    ports = [{"name": "postgres", "port": port, "targetPort": "postgres"}]
    spec = {"selector": {"app": app}, "ports": ports, **spec}
    return Object({"kind": "Service", "metadata": {"name": name}, "spec": spec})


DATABASE = workload("StatefulSet", "store-db", 5432, serviceName="store-db")
DEPLOYMENT = workload("Deployment", "store-orders", 5432)
OBJECTS = Objects([DATABASE, DEPLOYMENT])


def test_a_service_of_a_deployment_has_an_address_and_others_lead_to_the_pods_themselves() -> None:
    def is_forwarded(manifest: Object) -> bool:
        return ClusterService(manifest, OBJECTS, "shop").is_forwarded

    assert is_forwarded(service("store-orders", "store-orders"))
    assert not is_forwarded(service("store-orders-ops", "store-orders", clusterIP="None"))
    assert not is_forwarded(service("store-db", "store-db"))
    assert not is_forwarded(service("store-nobody", "nobody"))


def test_the_pod_of_a_stateful_set_is_found_by_every_name_it_has_in_a_cluster() -> None:
    services = ClusterServices(Network(), "shop", tuple)
    manifests = [service("store-db", "store-db"), workload("Deployment", "users", 1)]
    users = manifests[1].manifest["spec"]["template"]["metadata"]["labels"]
    users["app.kubernetes.io/component"] = "users"
    services.add(Objects([*OBJECTS, *manifests]))
    assert DATABASE.pod
    names = [*services.names_of("store-db-0", DATABASE.pod)]
    assert names[:4] == [
        *("store-db", "store-db.shop", "store-db.shop.svc", "store-db.shop.svc.cluster.local")
    ]
    assert "store-db-0.store-db" in names
    assert DEPLOYMENT.pod
    assert [*services.names_of("store-orders-1", DEPLOYMENT.pod)] == []


def test_a_name_that_would_lead_to_another_port_is_refused() -> None:
    assert DATABASE.pod
    other = ClusterService(service("store-db", "store-db", port=6432), OBJECTS, "shop")
    assert other.target_in(DATABASE.pod) == 5432
    with pytest.raises(UnsupportedManifest, match="5432"):
        other.check_same_port(DATABASE.pod)


def test_more_than_one_port_is_refused() -> None:
    ports = [{"port": 1}, {"port": 2}]
    with pytest.raises(UnsupportedManifest, match="more than one port"):
        ClusterService(service("store-db", "store-db", ports=ports), OBJECTS, "shop")
