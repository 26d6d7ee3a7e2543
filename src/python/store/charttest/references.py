"""What objects name has to be there: Secrets, ConfigMaps, claims, accounts, Services, ports, pods."""

import re
from collections.abc import Iterator, Set
from typing import Any

from store.charttest.objects import Container, Json, Object, Objects, Pod

_INTERPOLATED = re.compile(r"\$\(([A-Za-z_][A-Za-z0-9_]*)\)")

Reference = tuple[str, str, str]
"""A kind, a name, and a key in it or ""."""


def references(pod: Pod) -> Iterator[Reference]:
    """Every object of its namespace that a pod cannot start without."""
    yield "ServiceAccount", pod.spec.get("serviceAccountName", "default"), ""
    for each in pod.spec.get("imagePullSecrets") or []:
        yield "Secret", each["name"], ""
    for volume in pod.volumes:
        yield from _of_volume(volume)
    for container in pod.containers:
        yield from _of_environment(container)


def _of_volume(volume: Json) -> Iterator[Reference]:
    for source in [volume, *(volume.get("projected") or {}).get("sources", [])]:
        if claim := source.get("persistentVolumeClaim"):
            yield "PersistentVolumeClaim", claim["claimName"], ""
        for kind, field in (("ConfigMap", "configMap"), ("Secret", "secret")):
            if found := source.get(field):
                name = found.get("name") or found["secretName"]
                yield from ((kind, name, item["key"]) for item in found.get("items") or [])
                yield kind, name, ""


def _of_environment(container: Container) -> Iterator[Reference]:
    for variable in container.env.values():
        for kind, field in (("Secret", "secretKeyRef"), ("ConfigMap", "configMapKeyRef")):
            if found := variable.source.get(field):
                yield kind, found["name"], found["key"]
    for source in container.env_from:
        for kind, field in (("Secret", "secretRef"), ("ConfigMap", "configMapRef")):
            if found := source.get(field):
                yield kind, found["name"], ""


def dangling(objects: Objects, given: Set[str] = frozenset()) -> list[str]:
    """References of pods to what is neither in the release nor among the Secrets that are `given`."""
    return [
        f"{pod}: {kind}/{name} {key}".rstrip()
        for pod in objects.pods
        for kind, name, key in references(pod)
        if not (kind == "Secret" and name in given) and not _has(objects, kind, name, key)
    ]


def _has(objects: Objects, kind: str, name: str, key: str) -> bool:
    found = [each.manifest for each in objects.of(kind) if each.name == name]
    fields = ("data", "stringData", "binaryData")
    return bool(found) and (not key or any(key in (found[0].get(each) or {}) for each in fields))


def unmounted(objects: Objects) -> list[str]:
    """Mounts without a volume, and volumes that nobody mounts."""
    found = []
    for pod in objects.pods:
        claims = pod.owner.spec.get("volumeClaimTemplates") or []
        volumes = {each["name"] for each in pod.volumes} | {
            each["metadata"]["name"] for each in claims
        }
        mounts = {
            each["name"] for container in pod.containers for each in container.mounts.values()
        }
        found += [f"{pod}: {each} is mounted and no volume" for each in sorted(mounts - volumes)]
        found += [f"{pod}: {each} is never mounted" for each in sorted(volumes - mounts)]
    return found


def uninterpolated(objects: Objects) -> list[str]:
    """`$(NAME)` where no variable is, or not yet: Kubernetes would leave it as it stands."""
    return [f"{each}: {name}" for each in objects.containers for name in _missing(each)]


def _missing(container: Container) -> Iterator[str]:
    known: set[str] = set()
    for name, variable in container.env.items():
        yield from (
            each for each in _INTERPOLATED.findall(variable.value or "") if each not in known
        )
        known.add(name)
    said = [*(container.manifest.get("command") or []), *container.args]
    yield from (each for text in said for each in _INTERPOLATED.findall(text) if each not in known)


KEYED = {
    "env": ("name",),
    "ports": ("containerPort", "port", "protocol"),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
    "containers": ("name",),
    "initContainers": ("name",),
    "imagePullSecrets": ("name",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
}
"""Lists that Kubernetes takes for maps, and by which fields: what stands twice refuses the object."""


def repeated(objects: Objects) -> list[str]:
    """Entries of such lists that stand twice."""
    return [f"{each}: {fault}" for each in objects for fault in _repeated(each.manifest)]


def _repeated(value: Any) -> Iterator[str]:
    for key, inner in value.items() if isinstance(value, dict) else ():
        if key in KEYED and isinstance(inner, list):
            names = [tuple(str(each.get(field, "")) for field in KEYED[key]) for each in inner]
            yield from (f"{key} {'/'.join(name)}" for name in set(names) if names.count(name) > 1)
        yield from _repeated(inner)
    for inner in value if isinstance(value, list) else ():
        yield from _repeated(inner)


def lost_services(objects: Objects) -> list[str]:
    """Services that find no pod or those of several components, or a port that these do not have."""
    found = []
    for service in objects.of("Service"):
        pods = objects.selected_by(service.spec.get("selector") or {"none": ""})
        if len({pod.component for pod in pods}) != 1:
            found.append(f"{service}: finds {[str(pod) for pod in pods]}")
        for port in service.spec["ports"]:
            target = port.get("targetPort", port["port"])
            found += [
                f"{service}: {pod} has no port {target}"
                for pod in pods
                if target not in pod.ports and target not in pod.ports.values()
            ]
    return found


def unused_ports(objects: Objects) -> list[str]:
    """Ports without a name, and those that no Service leads to."""
    found = []
    for pod in objects.pods:
        led_to = {
            port.get("targetPort", port["port"])
            for service in objects.of("Service")
            if pod.matches(service.spec.get("selector") or {"none": ""})
            for port in service.spec["ports"]
        }
        for name, number in pod.ports.items():
            if name == str(number):
                found.append(f"{pod}: port {number} has no name")
            if not led_to & {name, number}:
                found.append(f"{pod}: nothing leads to port {name}")
    return found


def lost_routes(objects: Objects) -> list[str]:
    """Backends of Ingress and HTTPRoute that are no port of a Service."""
    return [
        f"{route}: {name}:{port}"
        for route in objects.of("Ingress", "HTTPRoute")
        for name, port in backends(route)
        if not any(
            service.name == name and port in _ports(service) for service in objects.of("Service")
        )
    ]


def backends(route: Object) -> list[tuple[str, str | int]]:
    """The Services that a route leads to, each with its port's number or name."""
    rules: list[Any] = route.spec["rules"]
    if route.kind == "HTTPRoute":
        return [(each["name"], each["port"]) for rule in rules for each in rule["backendRefs"]]
    services = [path["backend"]["service"] for rule in rules for path in rule["http"]["paths"]]
    return [(each["name"], each["port"].get("number") or each["port"]["name"]) for each in services]


def _ports(service: Object) -> set[str | int]:
    return {value for port in service.spec["ports"] for value in (port["port"], port.get("name"))}
