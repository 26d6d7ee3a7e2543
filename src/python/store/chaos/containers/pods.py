"""One pod that runs: its volumes, what initialises it, and its container with its probes."""

import time
from collections.abc import Mapping
from pathlib import Path

from store.chaos.containers.arguments import PodIdentity, creation
from store.chaos.containers.config_objects import ConfigObjects
from store.chaos.containers.docker import docker
from store.chaos.containers.docker_container import DockerContainer
from store.chaos.containers.manifest import UnsupportedManifest, check_keys
from store.chaos.containers.prober import Prober
from store.chaos.containers.volume_content import make_volume
from store.chaos.containers.volumes import Volume
from store.chaos.targets import FaultTarget
from store.charttest.objects import Container, Pod

GRACE_SECONDS = 30.0  # Kubernetes' own, where the chart names none
INIT_SECONDS = 60.0


class RunningPod(FaultTarget):
    """A pod of a workload. It starts with `create` and `start`, and has gone after `remove`.

    `kill` and `start` are of its container, which keeps address and volumes, as in Kubernetes.
    """

    def __init__(
        self,
        template: Pod,
        identity: PodIdentity,
        configs: ConfigObjects,
        volumes: Mapping[str, Volume],
        logs: Path,
    ) -> None:
        super().__init__(identity.name)
        [self._container] = _one_container(template)
        self.template, self.identity = template, identity
        self.address, self.container_name = identity.address, identity.container_name
        self._configs, self._volumes = configs, volumes
        self.log = logs / f"{identity.name}.log"
        self._docker = DockerContainer(identity.container_name)
        self._prober = Prober(self, self._container)
        self._stalled = False
        self.overstayed = False
        """Whether it had to be killed because it did not end within its grace."""

    @property
    def component(self) -> str:
        return self.template.component

    @property
    def pid(self) -> int | None:
        """The number of its first process, as the host counts; None when it has ended."""
        return self._docker.pid

    @property
    def alive(self) -> bool:
        return self.pid is not None

    @property
    def stalled(self) -> bool:
        return self._stalled

    @property
    def lives(self) -> int:
        """How often its container was started."""
        return self._docker.lives

    @property
    def killings(self) -> list[str]:
        """Whenever kubelet would have killed it because a probe failed for too long."""
        return self._prober.killings

    def create(self) -> None:
        """Make its volumes, run what initialises it, and make its container."""
        for name, docker_name in self.identity.docker_volumes.items():
            if not self._volumes[name].claim:
                group = self.template.spec.get("securityContext", {}).get("fsGroup", 0)
                label, image = self.identity.network.label, self._container.image
                make_volume(docker_name, label, image, group, self._volumes[name].files)
        for each in self.template.containers:
            if each.initialises:
                self._initialise(each)
        self._docker.create(creation(self._container, self._configs, self.identity, self._volumes))

    def wait(self, seconds: float) -> None:
        """Return when it has ended well; ContainerFailed if it has not, or not in time."""
        self._docker.wait_for_success(self.name, seconds)

    def kill(self) -> None:
        with self._lock:
            self.resume()
            if self.alive:
                self._docker.run("kill")
                self._docker.wait()

    def stall(self) -> None:
        with self._lock:
            if self.alive and not self._stalled:
                self._docker.pause()
                self._stalled = True

    def resume(self) -> None:
        with self._lock:
            if self._stalled:
                self._docker.run("unpause")
                self._stalled = False

    def end(self) -> None:
        """End it as Kubernetes does: traffic stops, preStop, the stop signal, and after the grace kill."""
        with self._lock:
            self.resume()
            if not self.alive:
                return
            began = time.monotonic()
            self._prober.leave()
            self._run_pre_stop_hook()
            left = max(1.0, self._grace - (time.monotonic() - began))
            self._docker.run("stop", ["-t", f"{left:.0f}"], seconds=left + GRACE_SECONDS)
            self.overstayed |= time.monotonic() - began > self._grace

    def start(self) -> None:
        with self._lock:
            if not self.alive:
                self.resume()
                self._docker.start()
                self._prober.start()

    def kill_child(self) -> bool:
        """Never: from outside of a container its processes are not told apart."""
        return False

    def why_not_ready(self) -> str:
        return self._prober.why_not_ready()

    def last_lines(self) -> str:
        """The last lines of its container's log."""
        return self._docker.last_lines()

    def remove(self) -> None:
        """Remove it, whatever it does; its log is kept."""
        self._prober.stop()
        with self._lock:
            self.resume()
            self._docker.remove(self.log)
            for name, docker_name in self.identity.docker_volumes.items():
                if not self._volumes[name].claim:
                    docker("volume", "rm", "--force", docker_name)

    @property
    def _grace(self) -> float:
        return float(self.template.spec.get("terminationGracePeriodSeconds", GRACE_SECONDS))

    def _initialise(self, container: Container) -> None:
        identity = self.identity.for_init(container.name)
        docker_container = DockerContainer(identity.container_name)
        docker_container.create(creation(container, self._configs, identity, self._volumes))
        try:
            docker_container.start()
            docker_container.wait_for_success(f"{self.name}, {container.name}", INIT_SECONDS)
        finally:
            docker_container.remove(self.log)

    def _run_pre_stop_hook(self) -> None:
        hook = (self._container.manifest.get("lifecycle") or {}).get("preStop") or {}
        check_keys(hook, {"sleep", "exec"}, f"{self._container}, preStop")
        if "sleep" in hook:
            time.sleep(hook["sleep"]["seconds"])
        if "exec" in hook:
            docker("exec", self.container_name, *hook["exec"]["command"])


def _one_container(template: Pod) -> list[Container]:
    containers = [each for each in template.containers if not each.initialises]
    if len(containers) != 1:
        raise UnsupportedManifest(template, f"{len(containers)} containers beside one another")
    return containers
