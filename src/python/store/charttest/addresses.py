"""Who calls whom, as the addresses say that a release's pods are given."""

import re
from collections.abc import Iterator

import yaml

from store.charttest.network import Endpoint, Network
from store.charttest.objects import Object, Objects, Pod
from store.charttest.paths import NAMESPACE, Path

ADDRESS = re.compile(r"(?:[a-z+]+://)?(?:[^@/\s]*@)?([a-z][-a-z0-9.]*):(\d+)(?:/|$)")

Call = tuple[Pod, str, int]
"""A pod, the host it calls, and the port there."""


def calls(objects: Objects) -> Iterator[Call]:
    """Every address in the environment of a pod, and those that its Prometheus is to watch."""
    for pod in objects.pods:
        for container in pod.containers:
            for variable in container.env.values():
                for host, port in ADDRESS.findall(variable.value or ""):
                    yield pod, host, int(port)
        for volume in pod.volumes:
            name = (volume.get("configMap") or {}).get("name", "")
            for host, port in _watched(objects, name):
                yield pod, host, port


def _watched(objects: Objects, config_map: str) -> Iterator[tuple[str, int]]:
    found = [each for each in objects.of("ConfigMap") if each.name == config_map]
    for text in (each.manifest["data"].get("prometheus.yml", "") for each in found):
        for job in (yaml.safe_load(text) or {}).get("scrape_configs", []):
            for config in job["dns_sd_configs"]:
                yield from ((name, config["port"]) for name in config["names"])


def unreachable(objects: Objects) -> list[str]:
    """Calls inside the release that meet no Service, no port, or a closed network."""
    found = []
    network = Network.of(objects, NAMESPACE)
    for pod, host, port in _inside(objects):
        service = _service(objects, host)
        targets = list(_targets(objects, service, port)) if service else []
        source = Endpoint.of(pod, NAMESPACE)
        if not targets:
            found.append(f"{pod} calls {host}:{port}: nobody there")
        for target, number in targets:
            if not network.allows(source, Endpoint.of(target, NAMESPACE), number):
                found.append(f"{pod} calls {host}:{port}: the network is closed")
    return found


def called(objects: Objects) -> set[Path]:
    """The paths that pods of the release have been given to each other."""
    return {
        (pod.component, target.component, name)
        for pod, host, port in _inside(objects)
        if (service := _service(objects, host))
        for target, number in _targets(objects, service, port)
        for name in target.ports
        if target.ports[name] == number
    }


def _inside(objects: Objects) -> Iterator[Call]:
    """Calls to a name without a domain, or with one of the cluster's for our namespace.

    Its own address a pod has only to hand on to others.
    """
    for pod, host, port in calls(objects):
        domain = host.partition(".")[2]
        if domain not in ("", NAMESPACE, f"{NAMESPACE}.svc", f"{NAMESPACE}.svc.cluster.local"):
            continue
        service = _service(objects, host)
        if service is None or not pod.matches(service.spec["selector"]):
            yield pod, host, port


def _service(objects: Objects, host: str) -> Object | None:
    name = host.partition(".")[0]
    return next((each for each in objects.of("Service") if each.name == name), None)


def _targets(objects: Objects, service: Object, port: int) -> Iterator[tuple[Pod, int]]:
    """The pods that this port of a Service leads to, each with its own port."""
    for each in service.spec["ports"]:
        for pod in objects.selected_by(service.spec["selector"]) if each["port"] == port else []:
            target = each.get("targetPort", port)
            yield pod, pod.ports.get(target, target)
