"""The objects of a release, to be asked: what is where, what a pod runs, who finds whom.

for pod in objects.pods:
    for container in pod.containers:
        print(pod.name, container.name, container.env["DATABASE_URL"].value)
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from store.charttest.environment import Json as Json
from store.charttest.environment import Variable, mapping

COMPONENT = "app.kubernetes.io/component"

TEMPLATES = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "Pod": (),
}
"""Where each kind of workload has the template of its pods."""


@dataclass(frozen=True)
class Object:
    """One object, as its manifest says."""

    manifest: Json

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"

    @property
    def kind(self) -> str:
        return str(self.manifest["kind"])

    @property
    def api_version(self) -> str:
        return str(self.manifest["apiVersion"])

    @property
    def metadata(self) -> Json:
        return mapping(self.manifest, "metadata")

    @property
    def name(self) -> str:
        return str(self.metadata["name"])

    @property
    def labels(self) -> dict[str, str]:
        return mapping(self.metadata, "labels")

    @property
    def annotations(self) -> dict[str, str]:
        return mapping(self.metadata, "annotations")

    @property
    def component(self) -> str:
        """What of the store it belongs to, such as `orders-work`; "" if it does not say."""
        return self.labels.get(COMPONENT, "")

    @property
    def hooks(self) -> list[str]:
        """When helm creates it, such as `pre-upgrade`; empty if it is simply part of the release."""
        return [each for each in self.annotations.get("helm.sh/hook", "").split(",") if each]

    @property
    def spec(self) -> Json:
        return mapping(self.manifest, "spec")

    @property
    def pod(self) -> "Pod | None":
        """The pods that it makes, if it is a workload."""
        if self.kind not in TEMPLATES:
            return None
        template = self.manifest
        for key in TEMPLATES[self.kind]:
            template = template[key]
        return Pod(self, template)


@dataclass(frozen=True)
class Pod:
    """The pods of one workload: they are all alike."""

    owner: Object
    template: Json

    def __str__(self) -> str:
        return f"pod of {self.owner}"

    @property
    def name(self) -> str:
        """That of the workload."""
        return self.owner.name

    @property
    def labels(self) -> dict[str, str]:
        return mapping(mapping(self.template, "metadata"), "labels")

    @property
    def annotations(self) -> dict[str, str]:
        return mapping(mapping(self.template, "metadata"), "annotations")

    @property
    def component(self) -> str:
        return self.labels.get(COMPONENT, "")

    @property
    def spec(self) -> Json:
        return mapping(self.template, "spec")

    @property
    def volumes(self) -> list[Json]:
        """Those of the template; a StatefulSet's claims are not among them."""
        return list(self.spec.get("volumes") or [])

    @cached_property
    def containers(self) -> list["Container"]:
        """All of them, those that initialise first."""
        return [
            Container(self, each, kind == "initContainers")
            for kind in ("initContainers", "containers", "ephemeralContainers")
            for each in self.spec.get(kind) or []
        ]

    def container(self, name: str) -> "Container":
        """The container of this name; LookupError if there is none."""
        return _one(self.containers, name, f"container in the {self}")

    @property
    def ports(self) -> dict[str, int]:
        """Every port that a container listens on, by name."""
        return {name: number for each in self.containers for name, number in each.ports.items()}

    def matches(self, selector: Mapping[str, str]) -> bool:
        """Whether these labels select it; no labels select every pod, as Kubernetes has it."""
        return selector.items() <= self.labels.items()


@dataclass(frozen=True)
class Container:
    """One container of a pod."""

    pod: Pod
    manifest: Json
    initialises: bool

    def __str__(self) -> str:
        return f"container {self.name} in the {self.pod}"

    @property
    def name(self) -> str:
        return str(self.manifest["name"])

    @property
    def image(self) -> str:
        return str(self.manifest["image"])

    @property
    def args(self) -> list[str]:
        return list(self.manifest.get("args") or [])

    @cached_property
    def env(self) -> dict[str, "Variable"]:
        """Its environment by name, in order: `$(NAME)` may refer to what stands before."""
        return {each["name"]: Variable(each) for each in self.manifest.get("env") or []}

    @property
    def env_from(self) -> list[Json]:
        return list(self.manifest.get("envFrom") or [])

    @property
    def ports(self) -> dict[str, int]:
        """The ports it listens on by name; one without a name has its number for one."""
        ports = self.manifest.get("ports") or []
        return {
            each.get("name", str(each["containerPort"])): each["containerPort"] for each in ports
        }

    @property
    def mounts(self) -> dict[str, Json]:
        """What is mounted, by path."""
        return {each["mountPath"]: each for each in self.manifest.get("volumeMounts") or []}

    @property
    def security(self) -> Json:
        return mapping(self.manifest, "securityContext")

    @property
    def resources(self) -> Json:
        return mapping(self.manifest, "resources")


class Objects(list[Object]):
    """All objects of a release, in helm's order."""

    def of(self, *kinds: str) -> list[Object]:
        """Those of these kinds."""
        return [each for each in self if each.kind in kinds]

    def one(self, kind: str, name: str) -> Object:
        """The object of this kind and name; LookupError says which there are."""
        return _one(self.of(kind), name, kind)

    @cached_property
    def pods(self) -> list[Pod]:
        """The pods of all workloads, of Jobs, CronJobs and bare Pods, too."""
        return [each.pod for each in self if each.pod]

    def pods_of(self, component: str) -> list[Pod]:
        """The pods of a component, such as `orders-work`."""
        return [pod for pod in self.pods if pod.component == component]

    def selected_by(self, selector: Mapping[str, str]) -> list[Pod]:
        """The pods that have all these labels."""
        return [pod for pod in self.pods if pod.matches(selector)]

    @property
    def containers(self) -> Iterator[Container]:
        """Every container of every pod."""
        return (container for pod in self.pods for container in pod.containers)


_Named = TypeVar("_Named", Object, Container)


def _one(things: list[_Named], name: str, what: str) -> _Named:
    found = [each for each in things if each.name == name]
    if not found:
        raise LookupError(f"no {what} is named {name}: {[each.name for each in things]}")
    return found[0]
