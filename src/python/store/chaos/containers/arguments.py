"""What `docker create` is told so that a container runs as its pod's template says."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from store.chaos.containers.config_objects import Kept
from store.chaos.containers.environment import environment, expanded
from store.chaos.containers.manifest import NotUnderstood, only
from store.chaos.containers.network import Network
from store.chaos.containers.quantities import quantity
from store.chaos.containers.volumes import Volume, mounts
from store.charttest.objects import Container, Json, Pod

# What has no meaning on one machine without a scheduler and an API server.
_PLACING = {
    *("affinity", "nodeSelector", "priorityClassName", "tolerations", "topologySpreadConstraints"),
    *("automountServiceAccountToken", "enableServiceLinks", "imagePullSecrets", "restartPolicy"),
    *("serviceAccountName", "hostname", "activeDeadlineSeconds"),
}
_OF_A_POD = {
    *("containers", "initContainers", "volumes", "securityContext"),
    *("terminationGracePeriodSeconds", *_PLACING),
}
_OF_A_CONTAINER = {
    *("name", "image", "imagePullPolicy", "command", "args", "env", "ports", "volumeMounts"),
    *("securityContext", "resources", "lifecycle", "terminationMessagePolicy", "workingDir"),
    *("startupProbe", "livenessProbe", "readinessProbe"),
}
_OF_A_PODS_SECURITY = {
    *("runAsNonRoot", "runAsUser", "runAsGroup", "fsGroup", "fsGroupChangePolicy"),
    "seccompProfile",
}
_OF_A_CONTAINERS_SECURITY = {
    *("runAsNonRoot", "runAsUser", "runAsGroup", "seccompProfile"),
    *("allowPrivilegeEscalation", "readOnlyRootFilesystem", "capabilities"),
}


@dataclass(frozen=True)
class Place:
    """Where a pod runs: its name and address, who finds it, and Docker's names for its volumes."""

    name: str
    network: Network
    address: str
    aliases: Sequence[str] = ()
    docker_volumes: Mapping[str, str] = field(default_factory=dict)
    namespace: str = "store"

    @property
    def container_name(self) -> str:
        """What Docker calls it."""
        return self.network.name_of(self.name)

    def for_init(self, container: str) -> "Place":
        """The same for a container that runs before the pod's own: nobody finds it by a name."""
        return replace(self, name=f"{self.name}-{container}", aliases=())

    @property
    def facts(self) -> Mapping[str, str]:
        """What a `fieldRef` may ask for."""
        return {
            "metadata.name": self.name,
            "metadata.namespace": self.namespace,
            "status.podIP": self.address,
        }


@dataclass(frozen=True)
class Creation:
    """The arguments of `docker create`, and the environment that it takes variables from."""

    arguments: Sequence[str]
    environ: Mapping[str, str] = field(repr=False)


def creation(
    container: Container, kept: Kept, place: Place, volumes: Mapping[str, Volume]
) -> Creation:
    """How Docker makes this container; NotUnderstood if the chart wants what is not done here."""
    _check(container)
    environ = environment(container, kept, place.facts)
    command = [expanded(each, environ) for each in container.manifest.get("command") or []]
    arguments = [
        *("create", "--pull", "never", "--hostname", place.name),
        *place.network.place(place.name, place.address, place.aliases),
        *_security(container),
        *_resources(container),
        *mounts(container, volumes, place.docker_volumes),
        *(word for name in environ for word in ("--env", name)),
        *(("--entrypoint", command[0]) if command else ()),
        container.image,
        *command[1:],
        *(expanded(each, environ) for each in container.args),
    ]
    return Creation(arguments, environ)


def _check(container: Container) -> None:
    """NotUnderstood if anything stands there that would be passed over."""
    pod = container.pod
    only(pod.spec, _OF_A_POD, pod)
    only(container.manifest, _OF_A_CONTAINER, container)
    only(_security_of_the_pod(pod), _OF_A_PODS_SECURITY, pod)
    only(container.security, _OF_A_CONTAINERS_SECURITY, container)


def _security(container: Container) -> Iterator[str]:
    wanted: Json = {**_security_of_the_pod(container.pod), **container.security}
    yield from _user(wanted, container)
    if "fsGroup" in wanted:
        yield from ("--group-add", str(wanted["fsGroup"]))
    if wanted.get("readOnlyRootFilesystem"):
        yield "--read-only"
    if wanted.get("allowPrivilegeEscalation") is False:
        yield from ("--security-opt", "no-new-privileges")
    # Docker's own profile is what RuntimeDefault means.
    if wanted.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield from ("--security-opt", "seccomp=unconfined")
    capabilities = wanted.get("capabilities") or {}
    for verb in ("drop", "add"):
        for name in capabilities.get(verb) or []:
            yield from (f"--cap-{verb}", name)


def _user(wanted: Json, container: Container) -> Iterator[str]:
    user, group = wanted.get("runAsUser"), wanted.get("runAsGroup")
    if wanted.get("runAsNonRoot") and not user:
        # Kubelet would look into the image; the chart says it itself.
        raise NotUnderstood(container, "runAsNonRoot without a runAsUser above 0")
    if user is not None:
        yield from ("--user", str(user) if group is None else f"{user}:{group}")


def _resources(container: Container) -> Iterator[str]:
    """Its limits. What it requests is for a scheduler."""
    limits = container.resources.get("limits") or {}
    if memory := limits.get("memory"):
        number = str(int(quantity(memory)))
        yield from ("--memory", number, "--memory-swap", number)  # pods have no swap
    if cpus := limits.get("cpu"):
        yield from ("--cpus", str(quantity(cpus)))


def _security_of_the_pod(pod: Pod) -> Json:
    security: Json = pod.spec.get("securityContext") or {}
    return security
