"""What every workload of the release promises. Each function yields who breaks the promise, and how."""

from collections.abc import Iterator

from store.charttest.objects import Container, Objects, Pod
from store.charttest.pod_security import PROBES
from store.charttest.quantities import amount

DRAIN_SECONDS = 20
"""What a process takes at most to finish what is in hand (store.server.process.lifecycle)."""

SERVING = ("Deployment", "StatefulSet")
"""The kinds of workloads that run on and on."""


def root_is_written(objects: Objects) -> list[str]:
    return [
        str(each)
        for each in objects.containers
        if each.security.get("readOnlyRootFilesystem") is not True
    ]


def resources_unsaid(objects: Objects) -> list[str]:
    """CPU and memory are asked for, memory is limited, and nobody is promised more than his limit."""
    return [f"{each}: {fault}" for each in objects.containers for fault in _resources(each)]


def _resources(container: Container) -> Iterator[str]:
    requests = container.resources.get("requests") or {}
    limits = container.resources.get("limits") or {}
    yield from (f"no request of {each}" for each in ("cpu", "memory") if each not in requests)
    if "memory" not in limits:
        yield "no limit of memory"
    for what in requests.keys() & limits.keys():
        if amount(requests[what]) > amount(limits[what]):
            yield f"asks for more {what} than its limit"


def has_token(objects: Objects) -> list[str]:
    """A token of the API server is mounted into no pod."""
    return [
        str(each)
        for each in objects.pods
        if each.spec.get("automountServiceAccountToken") is not False
    ]


def shared_accounts(objects: Objects) -> list[str]:
    """Each component has a service account of its own, and none is the namespace's default."""
    users: dict[str, set[str]] = {}
    for pod in objects.pods:
        users.setdefault(pod.spec.get("serviceAccountName") or "default", set()).add(pod.component)
    shared = [f"{name}: {sorted(of)}" for name, of in users.items() if len(of) > 1]
    return shared + [f"default: {sorted(users[name])}" for name in users if name == "default"]


def replicas(objects: Objects, pod: Pod) -> int:
    """How many of these pods there are at least: as its autoscaler says, or else it itself."""
    for scaler in objects.of("HorizontalPodAutoscaler"):
        target = scaler.spec["scaleTargetRef"]
        if (target["kind"], target["name"]) == (pod.owner.kind, pod.name):
            return int(scaler.spec.get("minReplicas", 1))
    return int(pod.owner.spec.get("replicas", 1)) if pod.owner.kind in SERVING else 1


def replicated(objects: Objects) -> list[Pod]:
    """The pods of which there is more than one, or may be."""
    return [
        pod
        for pod in objects.pods
        if replicas(objects, pod) > 1
        or ("replicas" not in pod.owner.spec and pod.owner.kind == "Deployment")
    ]


def undisrupted(objects: Objects) -> list[str]:
    """Of what is replicated a drained node takes one at a time, and of nothing is it forbidden to."""
    found = []
    for pod in replicated(objects):
        budgets = [
            budget
            for budget in objects.of("PodDisruptionBudget")
            if pod.matches(budget.spec["selector"]["matchLabels"])
        ]
        if len(budgets) != 1:
            found.append(f"{pod}: {len(budgets)} budgets")
        elif budgets[0].spec.get("maxUnavailable") != 1:
            found.append(f"{pod}: {budgets[0]} does not let go of one at a time")
    return found


def crowded(objects: Objects) -> list[str]:
    """What is replicated spreads over nodes and zones; each constraint counts its own pods."""
    found = []
    for pod in replicated(objects):
        constraints = pod.spec.get("topologySpreadConstraints") or []
        keys = {each["topologyKey"] for each in constraints}
        missing = {"kubernetes.io/hostname", "topology.kubernetes.io/zone"} - keys
        found += [f"{pod}: is not spread by {key}" for key in sorted(missing)]
        for each in constraints:
            if not pod.matches(each["labelSelector"]["matchLabels"]):
                found.append(f"{pod}: counts other pods than its own by {each['topologyKey']}")
    return found


def badly_scaled(objects: Objects) -> list[str]:
    """An autoscaler has a target, which says no number itself, and room to grow."""
    found = []
    for scaler in objects.of("HorizontalPodAutoscaler"):
        target = scaler.spec["scaleTargetRef"]
        owner = next(
            (each for each in objects.of(target["kind"]) if each.name == target["name"]), None
        )
        if owner is None:
            found.append(f"{scaler}: no {target['kind']}/{target['name']}")
        elif "replicas" in owner.spec:
            found.append(f"{scaler}: {owner} says replicas, which each upgrade would set back")
        if scaler.spec["minReplicas"] > scaler.spec["maxReplicas"]:
            found.append(f"{scaler}: minReplicas is above maxReplicas")
        if not scaler.spec.get("metrics"):
            found.append(f"{scaler}: no metric")
    return found


def serving(objects: Objects) -> list[Pod]:
    """The pods that run on and on."""
    return [pod for pod in objects.pods if pod.owner.kind in SERVING]


def badly_probed(objects: Objects) -> list[str]:
    """All three probes; liveness asks no database; a port is asked for by a name the container has."""
    found = []
    for pod in serving(objects):
        for container in (each for each in pod.containers if not each.initialises):
            found += [f"{container}: {fault}" for fault in _probes(container)]
    return found


def _probes(container: Container) -> Iterator[str]:
    for name in PROBES:
        probe = container.manifest.get(name)
        if not probe:
            yield f"no {name}"
            continue
        asked = probe.get("httpGet") or probe.get("tcpSocket")
        if asked and asked["port"] not in container.ports:
            yield f"{name} asks port {asked['port']}"
        if name != "readinessProbe" and asked and asked.get("path") == "/ready":
            yield f"{name} asks what others have to be there for"
        if not asked and "exec" not in probe:
            yield f"{name} asks nothing"


def leaving_early(objects: Objects) -> list[str]:
    """A pod has time to finish; one that a Service leads to first waits until nobody asks it any more."""
    found = []
    for pod in serving(objects):
        wait = min(_wait(each) for each in pod.containers if not each.initialises)
        grace = pod.spec.get("terminationGracePeriodSeconds", 30)
        if grace <= wait + DRAIN_SECONDS:
            found.append(f"{pod}: {grace} s of grace for {wait} s + {DRAIN_SECONDS} s")
        if pod.owner.kind == "Deployment" and _is_called(objects, pod) and not wait:
            found.append(f"{pod}: no preStop")
    return found


def _is_called(objects: Objects, pod: Pod) -> bool:
    """Whether a Service leads to it; one that also leads to pods that are not ready is for watching."""
    return any(
        pod.matches(service.spec.get("selector") or {"": ""})
        for service in objects.of("Service")
        if not service.spec.get("publishNotReadyAddresses")
    )


def _wait(container: Container) -> int:
    hook = (container.manifest.get("lifecycle") or {}).get("preStop") or {}
    return int((hook.get("sleep") or {}).get("seconds", 0))
