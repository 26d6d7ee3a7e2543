"""The other services for tests: honest about money and stock, and able to fail at any call.

inventory, payments = FakeInventory({"MUG": 5}), FakePayments()
payments.faults.next("capture", Fault.DONE_BUT_TIMED_OUT)
"""

# ruff: noqa: ARG002 - a fake takes what the real one takes, and needs less of it.

import contextlib
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any, TypeVar
from uuid import UUID

from store.auth.callers import Caller
from store.database.idempotency import IdempotencyKeys, Started
from store.orders.clients import Hold, Inventory, PricedLine
from store.orders.engine import advance, is_settled
from store.orders.errors import Declined, HoldReleased, NotForSale, OutOfStock, UnknownSku
from store.orders.models import Order, database, order_of
from store.orders.payment_client import Frozen, Intent, Payments, PaymentUnknown, Repayment
from store.orders.steps import Shop
from store.server.channel import Unanswered
from store.server.clock import now
from store.server.ids import new_id

T = TypeVar("T")
PRICE = 1290
THREE_D_SECURE = "pm_card_authenticationRequired"
DECLINED = "pm_card_visa_chargeDeclined"
WEBHOOK_SECRET = "whsec_of_the_tests"
ADDRESS = {
    "name": "Ada Lovelace",
    "line1": "12 St James's Square",
    "city": "London",
    "postal_code": "SW1Y 4JH",
    "country": "GB",
}


class Fault(Enum):
    """What goes wrong with one call. STOPPED: the process sleeps for so long that others take over."""

    CRASH_BEFORE = auto()
    CRASH_AFTER = auto()
    DONE_BUT_TIMED_OUT = auto()
    TIMED_OUT = auto()
    DUPLICATED = auto()
    STOPPED_BEFORE = auto()
    STOPPED_AFTER = auto()


class SimulatedCrash(BaseException):
    """The process is gone: nothing of ours catches it."""


@dataclass
class Faults:
    """The faults that wait for a method's next calls, and how often each method was called."""

    waiting: defaultdict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))
    calls: Counter[str] = field(default_factory=Counter)
    unanswered: type[Exception] = Unanswered
    meanwhile: Callable[[], None] = lambda: None

    def next(self, method: str, *faults: Fault) -> None:
        """Let the method's next calls go wrong in these ways."""
        self.waiting[method].extend(faults)

    def around(self, method: str, work: Callable[[], T]) -> T:
        """Do the work of a call, unless its fault is in the way."""
        self.calls[method] += 1
        fault = self.waiting[method].popleft() if self.waiting[method] else None
        self._before(fault, work)
        done = work()
        self._after(fault)
        return done

    def _before(self, fault: Fault | None, work: Callable[[], object]) -> None:
        match fault:
            case Fault.CRASH_BEFORE:
                raise SimulatedCrash
            case Fault.TIMED_OUT:
                raise self.unanswered("timed out")
            case Fault.DUPLICATED:
                work()
            case Fault.STOPPED_BEFORE:
                self.meanwhile()

    def _after(self, fault: Fault | None) -> None:
        match fault:
            case Fault.CRASH_AFTER:
                raise SimulatedCrash
            case Fault.DONE_BUT_TIMED_OUT:
                raise self.unanswered("timed out")
            case Fault.STOPPED_AFTER:
                self.meanwhile()


@dataclass
class Reserved:
    """What inventory has put aside for an order."""

    lines: tuple[tuple[str, int], ...]
    state: str


class FakeInventory(Inventory):
    """A shelf. A reservation takes units off it, a release puts them back."""

    def __init__(self, shelf: dict[str, int]) -> None:
        self.shelf = dict(shelf)
        self.prices = dict.fromkeys(shelf, PRICE)
        self.reserved: dict[UUID, Reserved] = {}
        self.hold_for = timedelta(minutes=15)
        self.faults = Faults()

    def reserve(
        self, order_id: UUID, currency: str, lines: Sequence[tuple[str, int]], seconds: int
    ) -> Hold:
        """As the real one."""
        return self.faults.around("reserve", lambda: self._reserve(order_id, tuple(lines)))

    def commit(self, order_id: UUID) -> None:
        """As the real one."""
        self.faults.around("commit", lambda: self._commit(order_id))

    def release(self, order_id: UUID, reason: str) -> None:
        """As the real one."""
        self.faults.around("release", lambda: self._release(order_id))

    def expire(self, order_id: UUID) -> None:
        """Let a hold run out."""
        self._put_back(self.reserved[order_id])
        self.reserved[order_id].state = "expired"

    def state_of(self, order_id: UUID) -> str:
        """held, committed, released or expired; nothing when it was never asked."""
        found = self.reserved.get(order_id)
        return found.state if found else "nothing"

    def _reserve(self, order_id: UUID, lines: tuple[tuple[str, int], ...]) -> Hold:
        found = self.reserved.get(order_id)
        if found and found.state == "released":
            raise HoldReleased
        if found is None:
            self._take(lines)
            self.reserved[order_id] = Reserved(lines, "held")
        priced = tuple(PricedLine(sku, f"A {sku}", self.prices[sku]) for sku, _ in lines)
        total = sum(self.prices[sku] * quantity for sku, quantity in lines)
        return Hold(priced, total, now() + self.hold_for)

    def _take(self, lines: tuple[tuple[str, int], ...]) -> None:
        for sku, quantity in lines:
            if sku not in self.shelf:
                raise UnknownSku(sku)
            if sku not in self.prices:
                raise NotForSale(sku)
            if self.shelf[sku] < quantity:
                raise OutOfStock(sku, self.shelf[sku])
        for sku, quantity in lines:
            self.shelf[sku] -= quantity

    def _commit(self, order_id: UUID) -> None:
        found = self.reserved[order_id]
        if found.state == "released":
            raise HoldReleased
        if found.state == "expired":
            self._take(found.lines)
        found.state = "committed"

    def _release(self, order_id: UUID) -> None:
        found = self.reserved.setdefault(order_id, Reserved((), "released"))
        if found.state in ("held", "committed"):
            self._put_back(found)
        found.state = "released"

    def _put_back(self, found: Reserved) -> None:
        for sku, quantity in found.lines:
            self.shelf[sku] += quantity


class FakePayments(Payments):
    """A gateway that keeps idempotency keys and knows how much money it holds and has taken."""

    def __init__(self) -> None:
        self.intents: dict[str, Intent] = {}
        self.orders: dict[str, UUID] = {}
        self.amounts: dict[str, int] = {}
        self.refunds: dict[UUID, Repayment] = {}
        self.refunded: Counter[str] = Counter()
        self.refund_status = "succeeded"
        self.keys_forgotten = False
        self.frozen = False
        self.captures: Counter[str] = Counter()
        self._answers: dict[str, Intent | Declined] = {}
        self.faults = Faults(unanswered=PaymentUnknown)

    def authorise(self, order_id: UUID, amount: int, currency: str, method: str) -> Intent:
        """As the real one."""
        return self.faults.around("authorise", lambda: self._authorise(order_id, amount, method))

    def look(self, intent_id: str) -> Intent:
        """As the real one."""
        return self.faults.around("look", lambda: self.intents[intent_id])

    def find(self, order_id: UUID, asked_at: datetime) -> Intent | None:
        """As the real one."""
        found = [key for key, owner in self.orders.items() if owner == order_id]
        return self.faults.around("find", lambda: self.intents[found[0]] if found else None)

    def capture(self, order_id: UUID, intent_id: str) -> Intent:
        """As the real one."""
        return self.faults.around("capture", lambda: self._capture(intent_id))

    def cancel(self, order_id: UUID, intent_id: str) -> Intent:
        """As the real one."""
        return self.faults.around("cancel", lambda: self._cancel(intent_id))

    def refund(self, refund_id: UUID, order_id: UUID, intent_id: str, amount: int) -> Repayment:
        """As the real one."""
        return self.faults.around("refund", lambda: self._refund(refund_id, intent_id, amount))

    def find_refund(self, refund_id: UUID, intent_id: str) -> Repayment | None:
        """As the real one."""
        return self.faults.around("find_refund", lambda: self.refunds.get(refund_id))

    def look_at_refund(self, gateway_id: str) -> Repayment:
        """As the real one."""
        refunds = {repayment.id: repayment for repayment in self.refunds.values()}
        return self.faults.around("look_at_refund", lambda: refunds[gateway_id])

    def pass_challenge(self, intent_id: str, *, well: bool = True) -> None:
        """The buyer passes 3-D Secure, or fails it."""
        status = "requires_capture" if well else "requires_payment_method"
        amount = self.amounts[intent_id] if well else 0
        passed = replace(self.intents[intent_id], status=status, capturable=amount)
        self.intents[intent_id] = replace(passed, next_action=None)

    def end_refunds(self, status: str) -> None:
        """The bank makes up its mind about the refunds that are pending."""
        for key, repayment in self.refunds.items():
            if repayment.status == "pending":
                self.refunds[key] = replace(repayment, status=status)

    def held(self, order_id: UUID) -> int:
        """The money put aside for an order and not taken."""
        return sum(intent.capturable for intent in self._of(order_id))

    def taken(self, order_id: UUID) -> int:
        """The money taken for an order and not given back."""
        return sum(intent.received - self.refunded[intent.id] for intent in self._of(order_id))

    def _of(self, order_id: UUID) -> list[Intent]:
        return [self.intents[key] for key, owner in self.orders.items() if owner == order_id]

    def _authorise(self, order_id: UUID, amount: int, method: str) -> Intent:
        if self.frozen:
            raise Frozen("an internal error, repeated")
        key = f"order-{order_id}-authorise"
        if key not in self._answers or self.keys_forgotten:
            self._answers[key] = self._new(order_id, amount, method)
        answer = self._answers[key]
        if isinstance(answer, Declined):
            raise answer
        return answer

    def _new(self, order_id: UUID, amount: int, method: str) -> Intent | Declined:
        made = Intent(f"pi_{new_id().hex}", "requires_capture", capturable=amount)
        if method == THREE_D_SECURE:
            page = "https://bank.example/3ds"
            made = replace(made, status="requires_action", capturable=0, next_action=page)
        if method == DECLINED:
            made = replace(made, status="requires_payment_method", capturable=0)
        self.intents[made.id], self.orders[made.id] = made, order_id
        self.amounts[made.id] = amount
        return Declined("generic_decline", made.id) if method == DECLINED else made

    def _capture(self, intent_id: str) -> Intent:
        found = self.intents[intent_id]
        if found.status == "requires_capture":
            self.captures[intent_id] += 1
            found = replace(found, status="succeeded", received=found.capturable, capturable=0)
            self.intents[intent_id] = found
        if found.status != "succeeded":
            raise Declined("payment_intent_unexpected_state")
        return found

    def _cancel(self, intent_id: str) -> Intent:
        found = self.intents[intent_id]
        if found.status != "succeeded":
            self.intents[intent_id] = replace(found, status="canceled", capturable=0)
        return self.intents[intent_id]

    def _refund(self, refund_id: UUID, intent_id: str, amount: int) -> Repayment:
        if refund_id not in self.refunds:
            if self.refunded[intent_id] + amount > self.intents[intent_id].received:
                raise Declined("charge_already_refunded")
            self.refunds[refund_id] = Repayment(f"re_{new_id().hex}", self.refund_status)
            if self.refund_status != "failed":
                self.refunded[intent_id] += amount
        return self.refunds[refund_id]


@dataclass(frozen=True)
class FakeShop(Shop):
    """Both services, as what they are."""

    inventory: FakeInventory
    payments: FakePayments


def basket(**changes: Any) -> dict[str, Any]:
    """A good body of `POST /v1/orders`, but for the changes; None leaves a member out."""
    body = {
        "currency": "EUR",
        "lines": [{"sku": "MUG", "quantity": 2}],
        "payment_method": "pm_card_visa",
        "shipping_address": ADDRESS,
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


def started(owner: Caller) -> Started:
    """A new Idempotency-Key, begun."""
    begun = IdempotencyKeys(database).begin(str(owner.id), str(new_id()), "fingerprint")
    assert isinstance(begun, Started)
    return begun


def time_passes() -> None:
    """Every lease runs out and every step is due."""
    database.run(
        "UPDATE orders SET next_attempt_at = now() - interval '1 second', "
        "leased_until = CASE WHEN lease IS NULL THEN NULL ELSE now() - interval '1 second' END"
    )


def bring_to_rest(order_id: UUID, shop: Shop) -> Order:
    """What workers make of an order in the course of time, each dying as the shop's faults say."""
    for _ in range(20):
        time_passes()
        with contextlib.suppress(SimulatedCrash):
            advance(order_id, shop, time.monotonic() + 5.0)
        order = order_of(order_id)
        if is_settled(order):
            return order
    raise AssertionError(f"{order} is still on its way")


def fake_shop(**shelf: int) -> FakeShop:
    """A shop with these units on the shelf, each at PRICE."""
    return FakeShop(FakeInventory(shelf), FakePayments())
