"""Everything that all databases know about one order, side by side. Amounts are minor units."""

from dataclasses import dataclass
from datetime import datetime

SOLD = frozenset({"confirmed", "shipped", "delivered", "refunded"})
ENDED = frozenset({"rejected", "cancelled"})
ON_ITS_WAY = frozenset({"pending", "awaiting_payment"})

# With these a payment neither holds the buyer's money nor can begin to.
WITHOUT_MONEY = frozenset({"canceled", "requires_payment_method"})


@dataclass(frozen=True, slots=True)
class Order:
    """An order as orders knows it; its lines read `CUP x1, MUG x2`."""

    order_id: str
    state: str
    currency: str
    total: int
    step: str | None
    ending: str | None
    due_at: datetime  # by when somebody should have finished what is to do
    touched_at: datetime
    lines: str
    lines_total: int | None
    intent_id: str | None
    captured: int
    refunded: int
    refunds_asked: int  # of these, some may be on their way
    refunds_pending: bool
    events: str  # their types, in the order of their numbers: `order.placed,order.reserved`
    last_event: int


@dataclass(frozen=True, slots=True)
class Stock:
    """A reservation as inventory knows it, and what the ledger booked for it in the end.

    `lines` add up all warehouses; `shelves` and `sold` read `MUG in berlin x2`.
    """

    order_id: str
    state: str
    total: int | None
    lines_total: int | None
    lines: str
    shelves: str
    sold: str
    times_booked: int  # how often the ledger has one and the same line of it
    touched_at: datetime

    @property
    def takes(self) -> bool:
        """Whether units are kept from others because of it."""
        return self.state in {"held", "committed"} or bool(self.sold)


@dataclass(frozen=True, slots=True)
class GatewayPayment:
    """A payment as the gateway knows it; one that names no order goes by its own id."""

    order_id: str
    id: str
    status: str
    currency: str
    amount: int
    received: int
    charges: int  # how many went through
    authorised: int
    charged: int
    refunded: int
    refunds_asked: int
    refunds_pending: bool
    touched_at: datetime

    @property
    def holds(self) -> int:
        """What is left of the buyer's money."""
        return self.received - self.refunded

    @property
    def is_open(self) -> bool:
        """Whether it holds the buyer's money back, or may begin to, and was not captured."""
        return self.status not in WITHOUT_MONEY and self.status != "succeeded"

    @property
    def names_its_order(self) -> bool:
        """Whether it was made for an order of this store."""
        return self.order_id != self.id

    def __str__(self) -> str:
        return f"{self.received} {self.currency} ({self.id}, {self.status})"


@dataclass(frozen=True, slots=True)
class Case:
    """One order id, and what everybody knows about it."""

    order_id: str
    order: Order | None
    stock: Stock | None
    intents: tuple[GatewayPayment, ...]

    @property
    def touched_at(self) -> datetime:
        """When anybody last changed anything about it."""
        books = (self.order, self.stock, *self.intents)
        return max(one.touched_at for one in books if one is not None)


def is_known(case: Case) -> bool:
    """Orders knows it."""
    return case.order is not None


def is_sold(case: Case) -> bool:
    """The sale was made, and is not being undone."""
    return case.order is not None and case.order.state in SOLD and case.order.ending is None


def has_ended(case: Case) -> bool:
    """It came to nothing, and nothing is left to do."""
    return case.order is not None and case.order.state in ENDED and case.order.step is None


def is_at_rest(case: Case) -> bool:
    """Orders has nothing left to do for it."""
    return case.order is not None and case.order.step is None
