"""The proving ground: a store of our own, doors between its processes, a watch, and a listener."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from store.local.accounts import ADMIN, STAFF
from store.local.output import Output
from store.local.ports import Ports
from store.local.rest import Rest
from store.proof.api import Api, allow_many_connections
from store.proof.audit.auditing import Result, audited
from store.proof.audit.gateway import Gateway
from store.proof.errors import CannotProve
from store.proof.faults.doors.ambush import Ambushes
from store.proof.faults.doors.doors import Doors
from store.proof.faults.own_store import OwnStore
from store.proof.faults.subscriber import Subscriber
from store.proof.faults.watch import Watch
from store.proof.load.accounts import staff_of
from store.proof.load.stock import Goods, put_on_sale
from store.proof.load.target import Credentials, Target
from store.proof.load.wishes import Item
from store.server.ids import new_id

APIS, WORKERS = 3, 2
PAUSE_SECONDS = 0.5  # before one that was killed at a step comes back
PATIENCE_SECONDS = 180.0
ANSWER_SECONDS = 15.0
CONNECTIONS = 600
FILES = 10 * CONNECTIONS  # every call passes a door or two
CONFUSED_CALLS = 3
EVENT_LIMIT = 0  # seconds: whoever audits has waited until all events were delivered


class Ground:
    """Within its block everything runs; `target` is what buyers see of it, through front doors."""

    store: OwnStore
    watch: Watch
    target: Target

    def __init__(self, folder: Path, base: int, output: Output) -> None:
        self._output = output
        self._ports = Ports(base, APIS, WORKERS)
        self._folder = folder
        self._open = ExitStack()
        self.ambushes = Ambushes()
        self.subscriber = Subscriber()
        self.api = Api(CONNECTIONS, PATIENCE_SECONDS, ANSWER_SECONDS)

    def __enter__(self) -> Self:
        allow_many_connections(FILES)
        with ExitStack() as opened:
            self._doors = opened.enter_context(Doors(self.ambushes, self._kill))
            opened.enter_context(self.subscriber)
            opened.callback(self.api.close)
            self.store = opened.enter_context(self._own_store())
            self.target = self._target()
            self._subscribe()
            self.watch = opened.enter_context(Watch(self.store.victims).running())
            self._open = opened.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.__exit__(kind, error, trace)

    @property
    def orders_database(self) -> str:
        return self.store.databases["orders"]

    def audit(self) -> Result:
        """What `proof audit` says of it, with nothing too young to be judged."""
        gateway = Gateway(self.store.gateway_url, self.store.secrets.payment_key)
        return audited(self.store.databases, gateway, grace=0, event_limit=EVENT_LIMIT)

    def goods(self, sku: str, units: int) -> Item:
        """A product of which there are exactly so many units."""
        return put_on_sale(staff_of(self.api, self.target), self.target, Goods(sku, units))

    def confuse_gateway(self, kind: str, seconds: float) -> None:
        """Let the gateway's next calls go wrong in this way."""
        fault = {"kind": kind, "times": str(CONFUSED_CALLS), "seconds": f"{seconds:.3f}"}
        self._gateway_faults("POST", fault)

    def make_fair_weather(self) -> None:
        """From now on nothing more is done to anybody."""
        self.ambushes.clear()
        self.subscriber.behave()
        self._gateway_faults("DELETE")

    def _gateway_faults(self, method: str, fault: Mapping[str, str] | None = None) -> None:
        url = f"{self.store.gateway_url}/v1/test_helpers/faults"
        bearer = {"Authorization": f"Bearer {self.store.secrets.payment_key}"}
        # It may be down at this very moment.
        answer = self.api.call(method, url, fault, bearer)
        if answer.status != 200:
            raise CannotProve(f"The gateway takes no faults: {answer.status} {answer.body}")

    def _own_store(self) -> OwnStore:
        return OwnStore(
            self._folder,
            self._ports.base,
            apis=APIS,
            workers=WORKERS,
            output=self._output,
            redirect=self._redirect,
        )

    def _redirect(self, name: str) -> Mapping[str, str]:
        """Orders reach the others through doors of their own, so that we know who calls."""
        if name not in (*self._ports.orders_apis, *self._ports.orders_workers):
            return {}
        inventory = f"127.0.0.1:{self._ports.inventory_rpc}"
        return {
            "INVENTORY_ADDRESS": self._doors.inventory(name, inventory),
            "PAYMENT_API_URL": self._doors.gateway(name, self._ports.url("gateway")),
        }

    def _target(self) -> Target:
        store = self.store
        names = self._ports.orders_apis
        fronts = [self._doors.front(name, self._ports.url(name)) for name in names]
        staff = Credentials(STAFF, store.secrets.staff_password)
        return Target(store.users_url, store.inventory_url, fronts, staff, store.secrets.replay)

    def _subscribe(self) -> None:
        """Have our listener told of everything, by the usual way."""
        with Rest() as rest:
            token = rest.log_in(self.store.users_url, ADMIN, self.store.secrets.admin_password)
            url = f"{self.store.orders_urls[0]}/v1/webhook-endpoints"
            key = {"Idempotency-Key": str(new_id())}
            made = rest.call("POST", url, {"url": self.subscriber.url}, token, key)
        self.subscriber.trust(made.json()["secret"])

    def _kill(self, name: str) -> None:
        self.watch.kill(name, PAUSE_SECONDS)
