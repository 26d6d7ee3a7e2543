"""One pod that runs: its volumes, what initialises it, and its container with its probes."""

import time
from collections.abc import Mapping
from pathlib import Path

from store.chaos.containers.arguments import Place, creation
from store.chaos.containers.config_objects import Kept
from store.chaos.containers.docker import docker
from store.chaos.containers.engine import Engine
from store.chaos.containers.manifest import NotUnderstood, only
from store.chaos.containers.prober import Prober
from store.chaos.containers.volume_content import make_volume
from store.chaos.containers.volumes import Volume
from store.chaos.targets import Victim
from store.charttest.objects import Container, Pod

GRACE_SECONDS = 30.0  # Kubernetes' own, where the chart names none
INITIAL_SECONDS = 60.0


class RunningPod(Victim):
    """A pod of a workload. It starts with `create` and `start`, and has gone after `remove`.

    `kill` and `start` are of its container, which keeps address and volumes, as in Kubernetes.
    """

    def __init__(
        self, template: Pod, place: Place, kept: Kept, volumes: Mapping[str, Volume], logs: Path
    ) -> None:
        super().__init__(place.name)
        [self._container] = _one_container(template)
        self.template, self.place = template, place
        self.address, self.container_name = place.address, place.container_name
        self._kept, self._volumes = kept, volumes
        self.log = logs / f"{place.name}.log"
        self._engine = Engine(place.container_name)
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
        return self._engine.pid

    @property
    def alive(self) -> bool:
        return self.pid is not None

    @property
    def stalled(self) -> bool:
        return self._stalled

    @property
    def lives(self) -> int:
        """How often its container was started."""
        return self._engine.lives

    @property
    def killings(self) -> list[str]:
        """Whenever kubelet would have killed it because a probe failed for too long."""
        return self._prober.killings

    def create(self) -> None:
        """Make its volumes, run what initialises it, and make its container."""
        for name, docker_name in self.place.docker_volumes.items():
            if not self._volumes[name].claim:
                self._make_volume(docker_name, self._volumes[name])
        for each in self.template.containers:
            if each.initialises:
                self._initialise(each)
        self._engine.create(creation(self._container, self._kept, self.place, self._volumes))

    def wait(self, seconds: float) -> None:
        """Return when it has ended well; Failed if it has not, or not in time."""
        self._engine.end_well(self.name, seconds)

    def kill(self) -> None:
        with self._one_deed_at_a_time:
            self.go_on()
            if self.alive:
                self._engine.deed("kill")
                self._engine.wait()

    def stall(self) -> None:
        with self._one_deed_at_a_time:
            if self.alive and not self._stalled:
                self._engine.pause()
                self._stalled = True

    def go_on(self) -> None:
        with self._one_deed_at_a_time:
            if self._stalled:
                self._engine.deed("unpause")
                self._stalled = False

    def end(self) -> None:
        """End it as Kubernetes does: traffic stops, preStop, the stop signal, and after the grace kill."""
        with self._one_deed_at_a_time:
            self.go_on()
            if not self.alive:
                return
            began = time.monotonic()
            self._prober.leave()
            self._before_it_stops()
            left = max(1.0, self._grace - (time.monotonic() - began))
            self._engine.deed("stop", ["-t", f"{left:.0f}"], seconds=left + GRACE_SECONDS)
            self.overstayed |= time.monotonic() - began > self._grace

    def start(self) -> None:
        with self._one_deed_at_a_time:
            if not self.alive:
                self.go_on()
                self._engine.start()
                self._prober.start()

    def kill_a_part(self) -> bool:
        """Never: from outside of a container there are no parts."""
        return False

    def why_not_ready(self) -> str:
        return self._prober.why_not_ready()

    def last_words(self) -> str:
        """What its container said last."""
        return self._engine.last_words()

    def remove(self) -> None:
        """Away with it, whatever it does; what it said is kept in its log."""
        self._prober.stop()
        with self._one_deed_at_a_time:
            self.go_on()
            self._engine.remove(self.log)
            for name, docker_name in self.place.docker_volumes.items():
                if not self._volumes[name].claim:
                    docker("volume", "rm", "--force", docker_name)

    @property
    def _grace(self) -> float:
        return float(self.template.spec.get("terminationGracePeriodSeconds", GRACE_SECONDS))

    def _make_volume(self, docker_name: str, volume: Volume) -> None:
        group = self.template.spec.get("securityContext", {}).get("fsGroup", 0)
        label, image = self.place.network.label, self._container.image
        make_volume(docker_name, label, image, group, volume.files)

    def _initialise(self, container: Container) -> None:
        place = self.place.for_init(container.name)
        engine = Engine(place.container_name)
        engine.create(creation(container, self._kept, place, self._volumes))
        try:
            engine.start()
            engine.end_well(f"{self.name}, {container.name}", INITIAL_SECONDS)
        finally:
            engine.remove(self.log)

    def _before_it_stops(self) -> None:
        """The container's preStop hook."""
        hook = (self._container.manifest.get("lifecycle") or {}).get("preStop") or {}
        only(hook, {"sleep", "exec"}, f"{self._container}, preStop")
        if "sleep" in hook:
            time.sleep(hook["sleep"]["seconds"])
        if "exec" in hook:
            docker("exec", self.container_name, *hook["exec"]["command"])


def _one_container(template: Pod) -> list[Container]:
    containers = [each for each in template.containers if not each.initialises]
    if len(containers) != 1:
        raise NotUnderstood(template, f"{len(containers)} containers beside one another")
    return containers
