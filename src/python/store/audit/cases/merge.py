"""Cases, as a stream.

Each database is read in the order of the orders' ids, and the streams are merged: memory stays the
same for a hundred orders and for a million.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any

from store.audit.books.snapshots import Snapshot
from store.audit.cases.case import Case, GatewayPayment, Order, Stock
from store.audit.cases.queries import INTENTS, ORDERS, STOCK, of_all, of_one


def cases(taken: Mapping[str, Snapshot]) -> Iterator[Case]:
    """One case for each order id that anybody knows, in the order of the ids."""
    return _cases(taken, of_all, {})


def case_of(taken: Mapping[str, Snapshot], order_id: str) -> Case | None:
    """The case of one order, by its UUID; None if nobody knows it."""
    return next(_cases(taken, of_one, {"order": order_id}), None)


def _cases(
    taken: Mapping[str, Snapshot], query: Callable[[str], str], params: Mapping[str, object]
) -> Iterator[Case]:
    return merged(
        itertools.starmap(Order, taken["orders"].rows(query(ORDERS), params)),
        itertools.starmap(Stock, taken["inventory"].rows(query(STOCK), params)),
        itertools.starmap(GatewayPayment, taken["gateway"].rows(query(INTENTS), params)),
    )


def merged(
    orders: Iterator[Order], stock: Iterator[Stock], intents: Iterator[GatewayPayment]
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
