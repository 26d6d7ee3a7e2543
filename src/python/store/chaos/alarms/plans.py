"""The faults that are injected, and what each must fire: these alerts and no other."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

PAGE, TICKET = "page", "ticket"


class Fault(StrEnum):
    """What goes wrong; `none` is the run in which nothing does."""

    NONE = "none"
    GATEWAY_DOWN = "gateway-down"
    DATABASE_STOPPED = "database-stopped"
    WORKER_KILLED = "worker-killed"
    INVENTORY_SLOW = "inventory-slow"


@dataclass(frozen=True, order=True)
class Alarm:
    """An alert, however many times it fires at once."""

    name: str
    severity: str

    def __str__(self) -> str:
        return f"{self.name} ({self.severity})"


@dataclass(frozen=True)
class ExpectedAlarm:
    """An alarm that has to fire, and why; or one that `may`, as it depends on the moment."""

    alarm: Alarm
    because: str
    may: bool = False


def _burn(name: str, because: str) -> Sequence[ExpectedAlarm]:
    """So much of a budget is burnt at once that the long windows fire as well."""
    return [ExpectedAlarm(Alarm(name, severity), because) for severity in (PAGE, TICKET)]


def _page(name: str, because: str) -> ExpectedAlarm:
    return ExpectedAlarm(Alarm(name, PAGE), because)


EXPECTED: dict[Fault, Sequence[ExpectedAlarm]] = {
    Fault.NONE: [],
    Fault.GATEWAY_DOWN: [
        _page("TargetDown", "the gateway is a process of ours, and answers nobody"),
        _page("DependencyFailing", "orders and its worker ask the gateway in vain"),
        _page("OrdersStuck", "no order gets past its payment"),
        _page("CheckoutNotConfirming", "buyers go on placing orders, and none is confirmed"),
        *_burn("CheckoutLatencyBudgetBurn", "whoever places an order waits for the gateway"),
    ],
    Fault.DATABASE_STOPPED: [
        _page("DatabaseUnreachable", "every service asks its database in vain"),
        *_burn("BrowseErrorBudgetBurn", "the catalogue is in the database: 503"),
        *_burn("CheckoutErrorBudgetBurn", "an order that cannot be written down is refused: 503"),
        ExpectedAlarm(
            Alarm("OrdersStuck", PAGE), "an order may be under way when it stops", may=True
        ),
    ],
    Fault.WORKER_KILLED: [
        _page("TargetDown", "the worker is gone; the API goes on taking the orders' steps"),
    ],
    Fault.INVENTORY_SLOW: [
        *_burn("CheckoutLatencyBudgetBurn", "each step in inventory takes over a second"),
    ],
}
