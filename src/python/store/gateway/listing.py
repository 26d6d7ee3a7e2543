"""Pages of lists, by the order in which things were made."""

from typing import Any

from store.gateway.errors import NoSuchReference
from store.gateway.list_schemas import ListRequest
from store.gateway.models import (
    INTENT_AND_CHARGE,
    SELECT_REFUND,
    Payment,
    Refund,
    database,
    payment_of,
)


def list_payments(wanted: ListRequest) -> list[Payment]:
    """One more than wanted."""
    return [
        payment_of(row) for row in rows_of_page(INTENT_AND_CHARGE, wanted, "payment_intent", "i")
    ]


def list_refunds(wanted: ListRequest) -> list[Refund]:
    """One more than wanted."""
    return [Refund(**row) for row in rows_of_page(SELECT_REFUND, wanted, "refund", "r")]


def rows_of_page(select: str, wanted: ListRequest, thing: str, alias: str) -> list[dict[str, Any]]:
    """One row more than wanted, newest first; oldest first when they come before another one.

    `thing` names the table in the singular. Filters are columns: `read_list` lets only those pass.
    """
    tests: list[tuple[str, Any]] = [
        (f"{column} =", value) for column, value in wanted.filters.items()
    ]
    tests += [(f"created_at {bound.operator}", bound.at) for bound in wanted.created]
    cursor = wanted.starting_after or wanted.ending_before
    if cursor:
        tests.append(
            (f"seq {'<' if wanted.starting_after else '>'}", _place(thing, cursor, wanted))
        )
    where = " AND ".join(f"{alias}.{test} %s" for test, _ in tests) or "true"
    order = "ASC" if wanted.ending_before else "DESC"
    sql = f"{select} WHERE {where} ORDER BY {alias}.seq {order} LIMIT %s"
    return database.rows(sql, [*(value for _, value in tests), wanted.limit + 1])


def _place(thing: str, cursor: str, wanted: ListRequest) -> int:
    row = database.row(f"SELECT seq FROM {thing}s WHERE id = %s", (cursor,))
    if row is None:
        param = "starting_after" if wanted.starting_after else "ending_before"
        raise NoSuchReference(thing, cursor, param)
    return int(row["seq"])
