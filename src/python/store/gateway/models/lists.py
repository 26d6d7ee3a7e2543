"""Pages of lists, by the order in which rows were made."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from store.gateway.errors import NoSuchReference
from store.gateway.models.payments import INTENT_AND_CHARGE, Payment, payment_of
from store.gateway.models.refunds import SELECT_REFUND, Refund
from store.gateway.models.tables import database


class TimeBound(NamedTuple):
    """One end of a time range: an operator and a moment."""

    operator: str
    at: datetime


@dataclass(frozen=True)
class ListQuery:
    """A page of a list, newest first; `filters` are columns and what they must hold."""

    limit: int
    starting_after: str | None
    ending_before: str | None
    created: tuple[TimeBound, ...]
    expand: frozenset[str]
    filters: dict[str, str]


def list_payments(query: ListQuery) -> list[Payment]:
    """One more than the limit."""
    return [payment_of(row) for row in _rows(INTENT_AND_CHARGE, query, "payment_intent", "i")]


def list_refunds(query: ListQuery) -> list[Refund]:
    """One more than the limit."""
    return [Refund(**row) for row in _rows(SELECT_REFUND, query, "refund", "r")]


def list_events(query: ListQuery) -> list[str]:
    """The JSON of events, one more than the limit."""
    rows = _rows("SELECT e.body::text AS body FROM events e", query, "event", "e")
    return [row["body"] for row in rows]


def _rows(select: str, query: ListQuery, thing: str, alias: str) -> list[dict[str, Any]]:
    """One row more than the limit, newest first; oldest first when they come before another one.

    `thing` names the table in the singular. Filters are columns: `read_list` lets only those pass.
    """
    tests: list[tuple[str, Any]] = [
        (f"{column} =", value) for column, value in query.filters.items()
    ]
    tests += [(f"created_at {bound.operator}", bound.at) for bound in query.created]
    cursor = query.starting_after or query.ending_before
    if cursor:
        found = database.row(f"SELECT seq FROM {thing}s WHERE id = %s", (cursor,))
        if found is None:
            param = "starting_after" if query.starting_after else "ending_before"
            raise NoSuchReference(thing, cursor, param)
        tests.append((f"seq {'<' if query.starting_after else '>'}", found["seq"]))
    where = " AND ".join(f"{alias}.{test} %s" for test, _ in tests) or "true"
    order = "ASC" if query.ending_before else "DESC"
    sql = f"{select} WHERE {where} ORDER BY {alias}.seq {order} LIMIT %s"
    return database.rows(sql, [*(value for _, value in tests), query.limit + 1])
