"""A testbed of processes on this machine: a store of our own, with proxies between its processes."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from store.chaos.faults import FaultProfile, InjectedFault, draw_faults
from store.chaos.own_store import OwnStore
from store.chaos.proxies.proxies import FaultProxies
from store.chaos.testbed import PAUSE_SECONDS, Testbed
from store.devstack.accounts import STAFF
from store.devstack.output import Output
from store.devstack.ports import Ports
from store.loadtest.target import Credentials, Target

APIS, WORKERS = 3, 2


class OwnTestbed(Testbed):
    """Buyers come through front proxies, and orders reaches the others through proxies of its own."""

    store: OwnStore

    def __init__(self, folder: Path, base: int, output: Output) -> None:
        super().__init__()
        self._output = output
        self._ports = Ports(base, APIS, WORKERS)
        self._folder = folder
        self._proxies = FaultProxies(self.fault_rules, self._kill)

    def draw_faults(self, seed: int, profile: FaultProfile) -> Sequence[InjectedFault]:
        return draw_faults(seed, profile, [*self.store.targets])

    def _start(self, opened: ExitStack) -> OwnStore:
        opened.enter_context(self._proxies)
        store = OwnStore(
            self._folder,
            self._ports.base,
            apis=APIS,
            workers=WORKERS,
            output=self._output,
            redirect=self._redirect,
        )
        return opened.enter_context(store)

    def _redirect(self, name: str) -> Mapping[str, str]:
        """Orders reach the others through proxies of their own, so that we know who calls."""
        if name not in (*self._ports.orders_apis, *self._ports.orders_workers):
            return {}
        inventory = f"127.0.0.1:{self._ports.inventory_rpc}"
        return {
            "INVENTORY_ADDRESS": self._proxies.inventory(name, inventory),
            "PAYMENT_API_URL": self._proxies.gateway(name, self._ports.url("gateway")),
        }

    def _target(self) -> Target:
        store = self.store
        names = self._ports.orders_apis
        fronts = [self._proxies.front(name, self._ports.url(name)) for name in names]
        staff = Credentials(STAFF, store.secrets.staff_password)
        return Target(store.users_url, store.inventory_url, fronts, staff, store.secrets.replay)

    def _kill(self, name: str) -> None:
        self.supervisor.kill(name, PAUSE_SECONDS)
