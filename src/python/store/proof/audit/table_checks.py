"""What must be true of whole tables: levels, holds, buyers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from store.proof.audit.findings import Difference, Tally
from store.proof.audit.snapshots import Snapshot


@dataclass(frozen=True)
class Equation:
    """A query of three columns: a subject, what should be, and what is."""

    name: str
    database: str
    sql: str


EQUATIONS = (
    Equation(
        "the ledger adds up to the level of its shelf",
        "inventory",
        """
        SELECT concat(sku, ' in ', warehouse), coalesce(m.booked, 0)::bigint, coalesce(on_hand, 0)
        FROM stock FULL JOIN (
            SELECT sku, warehouse, sum(quantity) AS booked FROM stock_movements
            GROUP BY sku, warehouse
        ) m USING (sku, warehouse)
        """,
    ),
    Equation(
        "every line of the ledger follows from the one before",
        "inventory",
        """
        SELECT concat(sku, ' in ', warehouse, ', line ', id),
            coalesce(lag(on_hand_after) OVER (PARTITION BY sku, warehouse ORDER BY id), 0) + quantity,
            on_hand_after
        FROM stock_movements
        """,
    ),
    Equation(
        "what a shelf has reserved is what is held",
        "inventory",
        """
        SELECT concat(sku, ' in ', warehouse), coalesce(h.held, 0)::bigint, coalesce(reserved, 0)
        FROM stock FULL JOIN (
            SELECT sku, warehouse, sum(quantity) AS held
            FROM reservation_lines JOIN reservations USING (order_id)
            WHERE state = 'held' GROUP BY sku, warehouse
        ) h USING (sku, warehouse)
        """,
    ),
)

BUYERS = """
SELECT buyer_id::text FROM orders WHERE created_at < %(before)s GROUP BY buyer_id ORDER BY buyer_id
"""
PEOPLE = "SELECT id::text FROM users ORDER BY id"


def check_tables(taken: Mapping[str, Snapshot], before: datetime) -> Iterator[Tally]:
    """Every check of this file, one after the other."""
    for equation in EQUATIONS:
        yield Tally(equation.name).count_all(taken[equation.database].rows(equation.sql))
    buyers = taken["orders"].rows(BUYERS, {"before": before})
    yield check_buyers((row[0] for row in buyers), (row[0] for row in taken["users"].rows(PEOPLE)))


def check_buyers(buyers: Iterator[str], people: Iterator[str]) -> Tally:
    """Every buyer is somebody; both streams are sorted."""
    tally = Tally("every order has a buyer whom users knows")
    person = next(people, None)
    for buyer in buyers:
        while person is not None and person < buyer:
            person = next(people, None)
        unknown = Difference("a user", "nobody") if person != buyer else None
        tally.count(f"buyer {buyer}", unknown)
    return tally
