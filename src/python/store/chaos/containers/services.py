"""The Services of a release: the names by which pods find one another, and the pods behind them."""

import contextlib
from collections.abc import Callable, Iterator, Sequence

from store.chaos.containers.forwarders import ServiceForwarder
from store.chaos.containers.manifest import UnsupportedManifest
from store.chaos.containers.network import Network
from store.chaos.containers.pods import RunningPod
from store.chaos.containers.poller import polled
from store.charttest.objects import Object, Objects, Pod

POLL_INTERVAL_SECONDS = 0.1
FORWARDER_COMPONENT = "users"  # the component whose image runs the forwarders: any that has Python


class ClusterService:
    """A Service of the chart, with one port."""

    def __init__(self, manifest: Object, objects: Objects, namespace: str) -> None:
        self.name = manifest.name
        self._manifest = manifest
        self.pods = objects.selected_by(self.selector)
        [port, *more] = manifest.spec["ports"]
        if more:
            raise UnsupportedManifest(manifest, "more than one port")
        self.port = int(port["port"])
        self._target = port.get("targetPort", port["port"])
        inside = f"{self.name}.{namespace}"
        self.names = (self.name, inside, f"{inside}.svc", f"{inside}.svc.cluster.local")
        """The DNS names by which pods of the namespace find it."""

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
        """UnsupportedManifest if a name that leads to the pod itself would lead to another port."""
        if self.target_in(pod) != self.port:
            raise UnsupportedManifest(
                self._manifest, f"a port that is {self.target_in(pod)} of its pods"
            )


class ClusterServices:
    """All Services; while `running`, those of Deployments lead to ready pods only, of all `pods`."""

    def __init__(self, network: Network, namespace: str, pods: Callable[[], Sequence[RunningPod]]):
        self._network, self._namespace, self._pods = network, namespace, pods
        self._services: dict[str, ClusterService] = {}
        self._forwarders: dict[str, ServiceForwarder] = {}
        self._addresses: dict[str, str] = {}

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Follow which pods are ready until the block ends."""
        try:
            with polled(self._forward_to_ready_pods, POLL_INTERVAL_SECONDS):
                yield
        finally:
            for each in self._forwarders.values():
                each.close()

    def add(self, objects: Objects) -> None:
        """Add those of a rendering; one that is there stays as it is, and keeps its address."""
        image = objects.pods_of(FORWARDER_COMPONENT)[0].containers[0].image
        for manifest in objects.of("Service"):
            service = ClusterService(manifest, objects, self._namespace)
            self._services[service.name] = service
            if service.is_forwarded and service.name not in self._forwarders:
                address = self._network.new_address()
                self._addresses[service.name] = address
                options = self._network.options(f"{service.name}-service", address, service.names)
                target = service.target_in(service.pods[0])
                forwarder = ServiceForwarder(image, options, service.port, target)
                self._forwarders[service.name] = forwarder

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

    def at(self, address: str) -> ClusterService | None:
        """The Service of this address; None if it is nobody's."""
        for name, of_service in self._addresses.items():
            if of_service == address:
                return self._services[name]
        return None

    def _forward_to_ready_pods(self) -> None:
        pods = [pod for pod in self._pods() if pod.is_ready()]
        for name, forwarder in [*self._forwarders.items()]:
            selector = self._services[name].selector
            forwarder.forward_to([pod.address for pod in pods if pod.template.matches(selector)])
