"""A release in a cluster, as a testbed needs it: its addresses, its secrets, its pods as targets."""

from collections.abc import Mapping, Sequence
from secrets import token_urlsafe

from store.audit.books.snapshots import DATABASES
from store.chaos.containers.cluster import Cluster
from store.chaos.containers.pods import RunningPod
from store.chaos.containers.values import RELEASE
from store.devstack.secrets_file import Secrets

POSTGRES = 5432


class ContainerStore:
    """The store of a cluster to which the chart was applied, under the release's usual name."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.secrets = self._secrets()
        self.databases = {service: self._database(service) for service in DATABASES}
        """With the role `audit`, which may read everything and nothing else."""

    @property
    def targets(self) -> Mapping[str, RunningPod]:
        """Every pod that serves, by a short name such as `orders-2`."""
        return {pod.name.removeprefix(f"{RELEASE}-"): pod for pod in self._cluster.pods}

    @property
    def users_url(self) -> str:
        return self._cluster.url(_named("users"))

    @property
    def inventory_url(self) -> str:
        return self._cluster.url(_named("inventory"))

    @property
    def gateway_url(self) -> str:
        return self._cluster.url(_named("gateway"))

    @property
    def orders_urls(self) -> Sequence[str]:
        """One address: the Service spreads over the replicas."""
        return (self._cluster.url(_named("orders")),)

    def _secret(self, name: str, key: str) -> str:
        return self._cluster.configs.secret(_named(name))[key].decode()

    def _database(self, service: str) -> str:
        [pod] = self._cluster.pods_of(_named(f"{service}-db"))
        password = self._secret(f"{service}-db", "audit-password")
        return f"postgresql://audit:{password}@{pod.address}:{POSTGRES}/{service}"

    def _secrets(self) -> Secrets:
        """The release's, and one of ours for the customers of a load. Its first admin is its staff, too."""
        password = self._secret("admin", "password")
        return Secrets(
            key_encryption=self._secret("orders", "encryption"),
            rpc_key=self._secret("rpc", "key"),
            payment_key=self._secret("payments", "api-key"),
            webhook_secret=self._secret("payments", "webhook-secret"),
            admin_password=password,
            staff_password=password,
            customer_password="",
            replay=token_urlsafe(32),
        )


def _named(component: str) -> str:
    return f"{RELEASE}-{component}"
