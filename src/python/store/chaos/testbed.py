"""The proving ground: a store to break, a watch over it, a listener, and what buyers see of it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Protocol, Self

from store.audit.audit import Result, audited
from store.audit.gateway import Gateway
from store.chaos.faults import Mishap, Weather
from store.chaos.listener import HOST
from store.chaos.proxies.fault_rule import Ambushes
from store.chaos.subscriber import Subscriber
from store.chaos.supervisor import Watch
from store.chaos.targets import Victim
from store.cli.errors import CannotProve
from store.devstack.accounts import ADMIN
from store.devstack.rest import Rest
from store.devstack.secrets_file import Secrets
from store.loadtest.api import Api, allow_many_connections
from store.loadtest.load.accounts import staff_of
from store.loadtest.load.intents import Item
from store.loadtest.load.stock import Goods, put_on_sale
from store.loadtest.load.target import Target
from store.server.ids import new_id

PAUSE_SECONDS = 0.5  # before one that was killed at a step comes back
PATIENCE_SECONDS = 180.0
ANSWER_SECONDS = 15.0
CONNECTIONS = 600
FILES = 10 * CONNECTIONS  # every call passes a door or two
CONFUSED_CALLS = 3
EVENT_LIMIT = 0  # seconds: whoever audits has waited until all events were delivered


class Store(Protocol):
    """A store that runs: where it answers, its secrets, and what of it can be harmed, by name."""

    @property
    def secrets(self) -> Secrets: ...

    @property
    def databases(self) -> Mapping[str, str]: ...

    @property
    def victims(self) -> Mapping[str, Victim]: ...

    @property
    def users_url(self) -> str: ...

    @property
    def inventory_url(self) -> str: ...

    @property
    def gateway_url(self) -> str: ...

    @property
    def orders_urls(self) -> Sequence[str]: ...


class Ground(ABC):
    """Within its block everything runs; `target` is what buyers see of it.

    `host` is this machine's address as the store sees it.
    """

    store: Store
    watch: Watch
    target: Target

    def __init__(self, host: str = HOST) -> None:
        self._open = ExitStack()
        self._endpoint = ""
        self.ambushes = Ambushes()
        self.subscriber = Subscriber(host=host)
        self.api = Api(CONNECTIONS, PATIENCE_SECONDS, ANSWER_SECONDS)

    def __enter__(self) -> Self:
        allow_many_connections(FILES)
        with ExitStack() as opened:
            opened.enter_context(self.subscriber)
            opened.callback(self.api.close)
            self.store = self._start(opened)
            self.target = self._target()
            self._subscribe()
            self.watch = opened.enter_context(Watch(self.store.victims).running())
            self._open = opened.pop_all()
        return self

    def __exit__(self, *exc: Any) -> None:
        self._open.__exit__(*exc)

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

    def try_subscriber(self) -> str:
        """Have a test message sent to our listener; what came of it, and "" if it has arrived."""
        with Rest() as rest:
            url = f"{self.store.orders_urls[0]}/v1/webhook-endpoints"
            told = rest.call("POST", f"{url}/{self._endpoint}/test", token=self._admin(rest)).json()
        return "" if told["taken"] else str(told["answer"])

    @abstractmethod
    def mishaps(self, seed: int, weather: Weather) -> Sequence[Mishap]:
        """What may go wrong here in such a weather, drawn from the seed."""

    @abstractmethod
    def _start(self, opened: ExitStack) -> Store:
        """The store, ready; leaving `opened` takes it down."""

    @abstractmethod
    def _target(self) -> Target: ...

    def _gateway_faults(self, method: str, fault: Mapping[str, str] | None = None) -> None:
        url = f"{self.store.gateway_url}/v1/test_helpers/faults"
        bearer = {"Authorization": f"Bearer {self.store.secrets.payment_key}"}
        # It may be down at this very moment.
        answer = self.api.call(method, url, fault, bearer)
        if answer.status != 200:
            raise CannotProve(f"The gateway takes no faults: {answer.status} {answer.body}")

    def _subscribe(self) -> None:
        """Have our listener told of everything, by the usual way."""
        with Rest() as rest:
            url = f"{self.store.orders_urls[0]}/v1/webhook-endpoints"
            key = {"Idempotency-Key": str(new_id())}
            wanted = {"url": self.subscriber.url}
            made = rest.call("POST", url, wanted, self._admin(rest), key).json()
        self._endpoint = made["id"]
        self.subscriber.trust(made["secret"])

    def _admin(self, rest: Rest) -> str:
        return rest.log_in(self.store.users_url, ADMIN, self.store.secrets.admin_password)
