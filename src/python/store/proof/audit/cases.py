"""Everything that all databases know about one order, side by side.

Each database is read in the order of the orders' ids, and the streams are merged: memory stays the
same for a hundred orders and for a million.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from store.proof.audit.snapshots import Snapshot

SOLD = frozenset({"confirmed", "shipped", "delivered", "refunded"})
ENDED = frozenset({"rejected", "cancelled"})
ON_ITS_WAY = frozenset({"pending", "awaiting_payment"})


@dataclass(frozen=True, slots=True)
class Order:
    """An order as orders knows it. Amounts are minor units; lines read `MUG x2, CUP x1`."""

    order_id: str
    state: str
    currency: str
    total: int
    step: str | None
    due_at: datetime  # by when somebody should have finished what is to do
    touched_at: datetime
    lines: str
    lines_total: int | None
    intent_id: str | None
    captured: int
    refunded: int
    refunds_pending: bool


@dataclass(frozen=True, slots=True)
class Stock:
    """A reservation as inventory knows it, and what the ledger booked for it in the end."""

    order_id: str
    state: str
    total: int | None
    lines: str
    sold: str
    touched_at: datetime


@dataclass(frozen=True, slots=True)
class Intent:
    """A payment as the gateway knows it; one that names no order goes by its own id."""

    order_id: str
    id: str
    status: str
    currency: str
    received: int
    charged: int
    refunded: int
    refunds_pending: bool
    touched_at: datetime

    @property
    def holds(self) -> int:
        """What is left of the buyer's money."""
        return self.received - self.refunded


@dataclass(frozen=True, slots=True)
class Case:
    """One order id, and what everybody knows about it."""

    order_id: str
    order: Order | None
    stock: Stock | None
    intents: tuple[Intent, ...]

    @property
    def state(self) -> str:
        return self.order.state if self.order else ""

    @property
    def touched_at(self) -> datetime:
        """When anybody last changed anything about it."""
        known = (self.order, self.stock, *self.intents)
        return max(one.touched_at for one in known if one is not None)


ORDERS = """
SELECT o.id::text, o.state, o.currency, coalesce(o.total, 0), o.step,
    CASE WHEN o.state IN ('pending', 'awaiting_payment') THEN o.expires_at
        ELSE greatest(o.expires_at, o.next_attempt_at) END,
    o.updated_at,
    coalesce(l.lines, ''), l.total, p.intent_id, coalesce(p.captured, 0),
    coalesce(r.refunded, 0)::bigint, coalesce(r.pending, false)
FROM orders o
LEFT JOIN (
    SELECT order_id, sum(quantity * unit_price)::bigint AS total,
        string_agg(sku || ' x' || quantity, ', ' ORDER BY sku COLLATE "C") AS lines
    FROM order_lines GROUP BY order_id
) l ON l.order_id = o.id
LEFT JOIN payments p ON p.order_id = o.id
LEFT JOIN (
    SELECT order_id, sum(amount) FILTER (WHERE state = 'succeeded') AS refunded,
        bool_or(state = 'pending') AS pending
    FROM refunds GROUP BY order_id
) r ON r.order_id = o.id
ORDER BY o.id
"""

STOCK = """
SELECT coalesce(r.order_id::text, m.reference), coalesce(r.state, 'nothing'), r.total,
    coalesce(l.lines, ''), coalesce(m.sold, ''), greatest(r.updated_at, m.at)
FROM reservations r
LEFT JOIN (
    SELECT order_id, string_agg(sku || ' x' || quantity, ', ' ORDER BY sku COLLATE "C") AS lines
    FROM (SELECT order_id, sku, sum(quantity) AS quantity FROM reservation_lines
        GROUP BY order_id, sku) taken
    GROUP BY order_id
) l USING (order_id)
FULL JOIN (
    SELECT reference, max(at) AS at,
        string_agg(sku || ' x' || sold, ', ' ORDER BY sku COLLATE "C")
            FILTER (WHERE sold <> 0) AS sold
    FROM (SELECT reference, sku, -sum(quantity) AS sold, max(created_at) AS at FROM stock_movements
        WHERE kind IN ('sold', 'returned') GROUP BY reference, sku) booked
    GROUP BY reference
) m ON m.reference = r.order_id::text
ORDER BY coalesce(r.order_id::text, m.reference) COLLATE "C"
"""

INTENTS = """
SELECT coalesce(i.metadata ->> 'order_id', i.id), i.id, i.status, upper(i.currency),
    i.amount_received, coalesce(c.captured, 0)::bigint, coalesce(r.refunded, 0)::bigint,
    coalesce(r.pending, false), greatest(i.created_at, i.canceled_at, c.at, r.at)
FROM payment_intents i
LEFT JOIN (
    SELECT payment_intent, sum(amount_captured) AS captured, max(created_at) AS at
    FROM charges GROUP BY payment_intent
) c ON c.payment_intent = i.id
LEFT JOIN (
    SELECT payment_intent, sum(amount) FILTER (WHERE status = 'succeeded') AS refunded,
        bool_or(status = 'pending') AS pending, max(created_at) AS at
    FROM refunds GROUP BY payment_intent
) r ON r.payment_intent = i.id
ORDER BY coalesce(i.metadata ->> 'order_id', i.id) COLLATE "C", i.seq
"""


def cases(taken: Mapping[str, Snapshot]) -> Iterator[Case]:
    """One case for each order id that anybody knows, in the order of the ids."""
    orders = itertools.starmap(Order, taken["orders"].rows(ORDERS))
    stock = itertools.starmap(Stock, taken["inventory"].rows(STOCK))
    intents = itertools.starmap(Intent, taken["gateway"].rows(INTENTS))
    return merged(orders, stock, intents)


def merged(
    orders: Iterator[Order], stock: Iterator[Stock], intents: Iterator[Intent]
) -> Iterator[Case]:
    """Merge three streams that are each sorted by order id."""
    streams = tuple(_Stream(stream) for stream in (orders, stock, intents))
    while heads := [stream.order_id for stream in streams if stream.order_id is not None]:
        order_id = min(heads)
        order, reserved, paid = (stream.take(order_id) for stream in streams)
        yield Case(order_id, next(iter(order), None), next(iter(reserved), None), tuple(paid))


class _Stream:
    """A sorted stream that can be asked for all rows of one order."""

    def __init__(self, rows: Iterator[Any]) -> None:
        self._groups = itertools.groupby(rows, key=attrgetter("order_id"))
        self.order_id: str | None = None
        self._advance()

    def take(self, order_id: str) -> list[Any]:
        if self.order_id != order_id:
            return []
        rows = self._rows
        self._advance()
        return rows

    def _advance(self) -> None:
        group: Iterable[Any]
        self.order_id, group = next(self._groups, (None, ()))
        self._rows = list(group)
