"""The testbed: a store to break, its supervisor, a subscriber, and the store as buyers see it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Protocol, Self

from store.audit.audit import Result, audited
from store.audit.books.gateway import Gateway
from store.chaos.faults import FaultProfile, InjectedFault
from store.chaos.proxies.fault_rule import FaultRules
from store.chaos.proxies.listener import HOST
from store.chaos.subscriber import Subscriber
from store.chaos.supervisor import Supervisor
from store.chaos.targets import FaultTarget
from store.cli.errors import CannotProve
from store.devstack.accounts import ADMIN
from store.devstack.rest import Rest
from store.devstack.secrets_file import Secrets
from store.loadtest.accounts import staff_of
from store.loadtest.api import Api, allow_many_connections
from store.loadtest.load.intents import Item
from store.loadtest.load.product_stock import ProductStock, put_on_sale
from store.loadtest.target import Target
from store.server.ids import new_id

PAUSE_SECONDS = 0.5  # before one that was killed at a point is started again
RETRY_SECONDS = 180.0
ANSWER_SECONDS = 15.0
MAX_CONNECTIONS = 600
MAX_FILES = 10 * MAX_CONNECTIONS  # every call passes a proxy or two
DISTURBED_CALLS = 3
EVENT_LIMIT = 0  # seconds: the audit begins when all events have been delivered


class RunningStore(Protocol):
    """A store that runs: where it answers, its secrets, and the targets of faults, by name."""

    @property
    def secrets(self) -> Secrets: ...

    @property
    def databases(self) -> Mapping[str, str]: ...

    @property
    def targets(self) -> Mapping[str, FaultTarget]: ...

    @property
    def users_url(self) -> str: ...

    @property
    def inventory_url(self) -> str: ...

    @property
    def gateway_url(self) -> str: ...

    @property
    def orders_urls(self) -> Sequence[str]: ...


class Testbed(ABC):
    """Within its block everything runs; `target` is the store as buyers see it.

    `host` is this machine's address as the store sees it.
    """

    store: RunningStore
    supervisor: Supervisor
    target: Target

    def __init__(self, host: str = HOST) -> None:
        self._open = ExitStack()
        self._endpoint = ""
        self.fault_rules = FaultRules()
        self.subscriber = Subscriber(host=host)
        self.api = Api(MAX_CONNECTIONS, RETRY_SECONDS, ANSWER_SECONDS)

    def __enter__(self) -> Self:
        allow_many_connections(MAX_FILES)
        with ExitStack() as opened:
            opened.enter_context(self.subscriber)
            opened.callback(self.api.close)
            self.store = self._start(opened)
            self.target = self._target()
            self._subscribe()
            self.supervisor = opened.enter_context(Supervisor(self.store.targets).running())
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

    def put_on_sale(self, sku: str, units: int) -> Item:
        """A product of which there are exactly so many units."""
        return put_on_sale(staff_of(self.api, self.target), self.target, ProductStock(sku, units))

    def disturb_gateway(self, kind: str, seconds: float) -> None:
        """Let the gateway's next calls go wrong in this way."""
        fault = {"kind": kind, "times": str(DISTURBED_CALLS), "seconds": f"{seconds:.3f}"}
        self._gateway_faults("POST", fault)

    def stop_faults(self) -> None:
        """Clear the rules, and let the gateway and the subscriber behave well again."""
        self.fault_rules.clear()
        self.subscriber.accept_all()
        self._gateway_faults("DELETE")

    def send_test_message(self) -> str:
        """Have a test message sent to our subscriber; "" if it has arrived, or else what came of it."""
        with Rest() as rest:
            url = f"{self.store.orders_urls[0]}/v1/webhook-endpoints"
            sent = rest.call("POST", f"{url}/{self._endpoint}/test", token=self._admin(rest)).json()
        return "" if sent["taken"] else str(sent["answer"])

    @abstractmethod
    def draw_faults(self, seed: int, profile: FaultProfile) -> Sequence[InjectedFault]:
        """The faults of such a profile that can be injected here, drawn from the seed."""

    @abstractmethod
    def _start(self, opened: ExitStack) -> RunningStore:
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
        """Register our subscriber for every event, as any subscriber does."""
        with Rest() as rest:
            url = f"{self.store.orders_urls[0]}/v1/webhook-endpoints"
            key = {"Idempotency-Key": str(new_id())}
            endpoint = {"url": self.subscriber.url}
            made = rest.call("POST", url, endpoint, self._admin(rest), key).json()
        self._endpoint = made["id"]
        self.subscriber.trust(made["secret"])

    def _admin(self, rest: Rest) -> str:
        return rest.log_in(self.store.users_url, ADMIN, self.store.secrets.admin_password)
