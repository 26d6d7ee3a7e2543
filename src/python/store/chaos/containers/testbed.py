"""A testbed of containers: the release of the chart, in a cluster on this machine."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from store.chaos.containers.cluster import Cluster
from store.chaos.containers.store import ContainerStore
from store.chaos.containers.values import NAMESPACE, RELEASE, values
from store.chaos.faults import FaultProfile, InjectedFault, draw_faults_from_outside
from store.chaos.testbed import Testbed
from store.charttest import helm
from store.charttest.objects import Objects
from store.cli.errors import CannotProve
from store.devstack.accounts import ADMIN
from store.loadtest.target import Credentials, Target

READY_SECONDS = 120.0


class ContainerTestbed(Testbed):
    """Starts the release, from images of this tag, in a cluster that runs."""

    store: ContainerStore

    def __init__(self, cluster: Cluster, tag: str, say: Callable[[str], None]) -> None:
        super().__init__(host=cluster.network.host)
        self._cluster, self._tag, self._say = cluster, tag, say
        self.objects = self._rendered()

    def draw_faults(self, seed: int, profile: FaultProfile) -> Sequence[InjectedFault]:
        return draw_faults_from_outside(seed, profile, [*self.store.targets])

    def _start(self, _opened: ExitStack) -> ContainerStore:
        self._say(f"starting {len(self.objects.pods)} kinds of pods")
        self._cluster.apply(self.objects)
        self._cluster.wait_until_ready(READY_SECONDS)
        store = ContainerStore(self._cluster)
        # The gateway tells buyers its name in the cluster, as long as the release has no public one.
        self.api.detours[f"http://{RELEASE}-gateway:8000"] = store.gateway_url
        return store

    def _target(self) -> Target:
        store = self.store
        staff = Credentials(ADMIN, store.secrets.staff_password)
        urls = store.users_url, store.inventory_url, store.orders_urls
        return Target(*urls, staff, store.secrets.replay)

    def _rendered(self) -> Objects:
        chart_values = values(self._tag, self._cluster.network.host, self.subscriber.port)
        try:
            return helm.render(chart_values, release=RELEASE, namespace=NAMESPACE)
        except (helm.HelmMissing, helm.HelmRefused) as error:
            raise CannotProve(str(error)) from None
