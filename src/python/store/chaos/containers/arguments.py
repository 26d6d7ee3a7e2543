"""The arguments of `docker create` with which a container runs as its pod's template says."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from store.chaos.containers.config_objects import ConfigObjects
from store.chaos.containers.environment import environment, expanded
from store.chaos.containers.manifest import UnsupportedManifest, check_keys
from store.chaos.containers.network import Network
from store.chaos.containers.quantities import quantity
from store.chaos.containers.volumes import Volume, mounts
from store.charttest.objects import Container, Json, Pod

# What has no meaning on one machine without a scheduler and an API server.
_SCHEDULING = {
    *("affinity", "nodeSelector", "priorityClassName", "tolerations", "topologySpreadConstraints"),
    *("automountServiceAccountToken", "enableServiceLinks", "imagePullSecrets", "restartPolicy"),
    *("serviceAccountName", "hostname", "activeDeadlineSeconds"),
}
_OF_A_POD = {
    *("containers", "initContainers", "volumes", "securityContext"),
    *("terminationGracePeriodSeconds", *_SCHEDULING),
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
class PodIdentity:
    """A pod's name, address and DNS aliases, and Docker's names for its volumes."""

    name: str
    network: Network
    address: str
    aliases: Sequence[str] = ()
    docker_volumes: Mapping[str, str] = field(default_factory=dict)
    namespace: str = "store"

    @property
    def container_name(self) -> str:
        """Docker's name for it."""
        return self.network.name_of(self.name)

    def for_init(self, container: str) -> "PodIdentity":
        """The same for an init container, which has no alias."""
        return replace(self, name=f"{self.name}-{container}", aliases=())

    @property
    def facts(self) -> Mapping[str, str]:
        """The fields that a `fieldRef` may name."""
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
    container: Container,
    configs: ConfigObjects,
    identity: PodIdentity,
    volumes: Mapping[str, Volume],
) -> Creation:
    """How Docker makes this container; UnsupportedManifest if the chart wants what is not done here."""
    pod = container.pod
    check_keys(pod.spec, _OF_A_POD, pod)
    check_keys(container.manifest, _OF_A_CONTAINER, container)
    check_keys(_security_of_the_pod(pod), _OF_A_PODS_SECURITY, pod)
    check_keys(container.security, _OF_A_CONTAINERS_SECURITY, container)
    environ = environment(container, configs, identity.facts)
    command = [expanded(each, environ) for each in container.manifest.get("command") or []]
    arguments = [
        *("create", "--pull", "never", "--hostname", identity.name),
        *identity.network.options(identity.name, identity.address, identity.aliases),
        *_security(container),
        *_resources(container),
        *mounts(container, volumes, identity.docker_volumes),
        *(word for name in environ for word in ("--env", name)),
        *(("--entrypoint", command[0]) if command else ()),
        container.image,
        *command[1:],
        *(expanded(each, environ) for each in container.args),
    ]
    return Creation(arguments, environ)


def _security(container: Container) -> Iterator[str]:
    security: Json = {**_security_of_the_pod(container.pod), **container.security}
    yield from _user(security, container)
    if "fsGroup" in security:
        yield from ("--group-add", str(security["fsGroup"]))
    if security.get("readOnlyRootFilesystem"):
        yield "--read-only"
    if security.get("allowPrivilegeEscalation") is False:
        yield from ("--security-opt", "no-new-privileges")
    # Docker's own profile is what RuntimeDefault means.
    if security.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield from ("--security-opt", "seccomp=unconfined")
    capabilities = security.get("capabilities") or {}
    for verb in ("drop", "add"):
        for name in capabilities.get(verb) or []:
            yield from (f"--cap-{verb}", name)


def _user(security: Json, container: Container) -> Iterator[str]:
    user, group = security.get("runAsUser"), security.get("runAsGroup")
    if security.get("runAsNonRoot") and not user:
        # Kubelet would look into the image; the chart says it itself.
        raise UnsupportedManifest(container, "runAsNonRoot without a runAsUser above 0")
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
