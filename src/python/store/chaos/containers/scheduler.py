"""Makes the pods of a cluster: their names, their addresses, and their volumes."""

import threading
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from store.chaos.containers.arguments import PodIdentity
from store.chaos.containers.config_objects import ConfigObjects
from store.chaos.containers.network import Network
from store.chaos.containers.pods import RunningPod
from store.chaos.containers.services import ClusterServices
from store.chaos.containers.volume_content import make_volume
from store.chaos.containers.volumes import Volume, volumes_of
from store.charttest.objects import Pod


class PodScheduler:
    """Each pod has a name and an address that no other has had. Its claimed volumes outlive it."""

    def __init__(
        self,
        network: Network,
        services: ClusterServices,
        configs: ConfigObjects,
        logs: Path,
        namespace: str,
    ) -> None:
        self._network, self._services, self._configs = network, services, configs
        self._logs, self._namespace = logs, namespace
        self._numbers: dict[str, int] = defaultdict(int)
        self._claims: set[str] = set()
        self._lock = threading.Lock()

    def pod(self, template: Pod) -> RunningPod:
        """A new pod, not yet created."""
        name = self._name(template)
        volumes = volumes_of(template, self._configs, _claims_of(template, name))
        identity = PodIdentity(
            name=name,
            network=self._network,
            address=self._network.new_address(),
            aliases=[*self._services.names_of(name, template)],
            docker_volumes=self._docker_volumes(template, name, volumes),
            namespace=self._namespace,
        )
        return RunningPod(template, identity, self._configs, volumes, self._logs)

    def _name(self, template: Pod) -> str:
        """A StatefulSet's pod has the same name each time."""
        if template.owner.kind == "StatefulSet":
            return f"{template.name}-0"
        with self._lock:
            self._numbers[template.name] += 1
            return f"{template.name}-{self._numbers[template.name]}"

    def _docker_volumes(
        self, template: Pod, pod: str, volumes: Mapping[str, Volume]
    ) -> Mapping[str, str]:
        """Docker's names for what cannot live in the memory of one container."""
        names = {}
        for volume in volumes.values():
            if volume.claim:
                names[volume.name] = self._claimed(template, volume.claim)
            elif volume.files is not None or _is_shared(volume, template):
                names[volume.name] = self._network.name_of(f"{pod}-{volume.name}")
        return names

    def _claimed(self, template: Pod, claim: str) -> str:
        name = self._network.name_of(claim)
        with self._lock:
            if claim not in self._claims:
                group = template.spec.get("securityContext", {}).get("fsGroup", 0)
                make_volume(name, self._network.label, template.containers[0].image, group)
                self._claims.add(claim)
        return name


def _claims_of(template: Pod, pod: str) -> Mapping[str, str]:
    """The claims that a StatefulSet makes for one of its pods, by the volume's name."""
    claims = template.owner.spec.get("volumeClaimTemplates") or []
    names = [str(each["metadata"]["name"]) for each in claims]
    return {name: f"{name}-{pod}" for name in names}


def _is_shared(volume: Volume, template: Pod) -> bool:
    """Whether more than one container of a pod mounts it."""
    mounting = [
        each
        for each in template.containers
        if any(mount["name"] == volume.name for mount in each.mounts.values())
    ]
    return len(mounting) > 1
