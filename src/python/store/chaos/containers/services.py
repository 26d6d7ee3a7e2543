"""The Services of a release: the names by which pods find one another, and who answers to them."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence

from store.chaos.containers.forwarders import Forwarding
from store.chaos.containers.manifest import NotUnderstood
from store.chaos.containers.network import Network
from store.chaos.containers.pods import RunningPod
from store.charttest.objects import Object, Objects, Pod

LOOK_SECONDS = 0.1
FORWARDS = "users"  # the component whose image runs the forwarders: any that has Python


class Service:
    """One of the chart's, with one port."""

    def __init__(self, manifest: Object, objects: Objects, namespace: str) -> None:
        self.name = manifest.name
        self._manifest = manifest
        self.pods = objects.selected_by(self.selector)
        [port, *more] = manifest.spec["ports"]
        if more:
            raise NotUnderstood(manifest, "more than one port")
        self.port = int(port["port"])
        self._target = port.get("targetPort", port["port"])
        inside = f"{self.name}.{namespace}"
        self.names = (self.name, inside, f"{inside}.svc", f"{inside}.svc.cluster.local")
        """What a pod of the namespace may call it."""

    @property
    def selector(self) -> dict[str, str]:
        return dict(self._manifest.spec["selector"])

    @property
    def is_forwarded(self) -> bool:
        """Whether it has an address of its own.

        Not if it has none in Kubernetes either, and not in front of a StatefulSet, whose one pod keeps
        its address.
        """
        headless = self._manifest.spec.get("clusterIP") == "None"
        kinds = {each.owner.kind for each in self.pods}
        return not headless and kinds == {"Deployment"}

    def target_in(self, pod: Pod) -> int:
        """The port of the pods that it leads to."""
        return pod.ports[self._target] if isinstance(self._target, str) else int(self._target)

    def check_same_port(self, pod: Pod) -> None:
        """NotUnderstood if a name that leads to the pod itself would lead to another port."""
        if self.target_in(pod) != self.port:
            raise NotUnderstood(self._manifest, f"a port that is {self.target_in(pod)} of its pods")


class Services:
    """All of them; those of Deployments lead to ready pods only, which `pods` tells, while it runs."""

    def __init__(self, network: Network, namespace: str, pods: Callable[[], Sequence[RunningPod]]):
        self._network, self._namespace, self._pods = network, namespace, pods
        self._services: dict[str, Service] = {}
        self._forwardings: dict[str, Forwarding] = {}
        self._addresses: dict[str, str] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._lead, daemon=True)

    @contextlib.contextmanager
    def running(self) -> Iterator["Services"]:
        """Follow which pods are ready until the block ends."""
        self._thread.start()
        try:
            yield self
        finally:
            self._over.set()
            self._thread.join()
            for each in self._forwardings.values():
                each.close()

    def open(self, objects: Objects) -> None:
        """Have these, too; one that is there stays as it is, and keeps its address."""
        image = objects.pods_of(FORWARDS)[0].containers[0].image
        for manifest in objects.of("Service"):
            service = Service(manifest, objects, self._namespace)
            self._services[service.name] = service
            if service.is_forwarded and service.name not in self._forwardings:
                self._forward(service, image, service.target_in(service.pods[0]))

    def names_of(self, pod: str, template: Pod) -> Iterator[str]:
        """The names that lead to this very pod: of Services without an address of their own."""
        for service in self._services.values():
            if template.matches(service.selector) and not service.is_forwarded:
                service.check_same_port(template)
                yield from service.names
                if service.name == template.owner.spec.get("serviceName"):
                    yield from (f"{pod}.{name}" for name in service.names)

    def url(self, name: str) -> str:
        """Where this machine reaches a Service that has an address of its own."""
        return f"http://{self._addresses[name]}:{self._services[name].port}"

    def at(self, address: str) -> Service | None:
        """The Service of this address; None if it is nobody's."""
        for name, of_service in self._addresses.items():
            if of_service == address:
                return self._services[name]
        return None

    def _forward(self, service: Service, image: str, target: int) -> None:
        address = self._network.new_address()
        self._addresses[service.name] = address
        place = self._network.place(f"{service.name}-service", address, service.names)
        self._forwardings[service.name] = Forwarding(image, place, service.port, target)

    def _lead(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            pods = [pod for pod in self._pods() if pod.is_ready()]
            for name, forwarding in [*self._forwardings.items()]:
                selector = self._services[name].selector
                forwarding.lead_to(
                    [each.address for each in pods if each.template.matches(selector)]
                )
