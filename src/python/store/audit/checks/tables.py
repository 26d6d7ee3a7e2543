"""What must be true of whole tables: the database itself looks for what is not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from store.audit.books.snapshots import Snapshot
from store.audit.checks.findings import MAX_FINDINGS, Difference, Tally
from store.audit.checks.proposals import CORRECT_RESERVED, RepairKind, propose

COUNT = "Neither the level nor the ledger need be right: count the shelf, and book the count in inventory."
HISTORY = (
    "The ledger is append-only, so somebody wrote past the store: compare it with a backup, then count "
    "the shelf and book the count in inventory."
)


@dataclass(frozen=True)
class Search:
    """A query that finds what is wrong: a subject, what should be, what is, and what a proposal needs.

    `counted` is a query for how much there is to look at.
    """

    name: str
    means: str
    database: str
    counted: str
    sql: str
    person: str = ""
    proposes: RepairKind | None = None
    facts: tuple[str, ...] = ()

    def run(self, snapshot: Snapshot, params: Mapping[str, object], max_findings: int) -> Tally:
        """Look, and count."""
        (counted,) = next(snapshot.rows(self.counted, params))
        found = (self._found(*row) for row in snapshot.rows(self.sql, params))
        return Tally(self.name, self.means, max_findings).add_all(counted, found)

    def _found(
        self, subject: str, expected: object, found: object, *values: Any
    ) -> tuple[str, Difference]:
        facts = dict(zip(self.facts, values, strict=True))
        proposals = (propose(self.proposes, **facts),) if self.proposes else ()
        return subject, Difference(str(expected), str(found), proposals, self.person)


SHELVES = (
    Search(
        "the ledger adds up to the level of its shelf",
        "Inventory sells by the level, and the ledger says that another number of units is there.",
        "inventory",
        "SELECT count(*) FROM stock",
        """
        SELECT concat(sku, ' in ', warehouse), coalesce(m.booked, 0)::bigint, coalesce(on_hand, 0)
        FROM stock FULL JOIN (
            SELECT sku, warehouse, sum(quantity) AS booked FROM stock_movements
            GROUP BY sku, warehouse
        ) m USING (sku, warehouse)
        WHERE coalesce(m.booked, 0) <> coalesce(on_hand, 0)
        """,
        COUNT,
    ),
    Search(
        "every line of the ledger follows from the one before",
        "A line of the ledger was changed or taken out after it had been written.",
        "inventory",
        "SELECT count(*) FROM stock_movements",
        """
        SELECT concat(sku, ' in ', warehouse, ', line ', id), before + quantity, on_hand_after FROM (
            SELECT *, coalesce(lag(on_hand_after) OVER (
                PARTITION BY sku, warehouse ORDER BY id), 0) AS before FROM stock_movements
        ) line WHERE on_hand_after <> before + quantity
        """,
        HISTORY,
    ),
    Search(
        "what a shelf has reserved is what is held",
        "Units are kept from buyers for nobody, or promised to more buyers than there are units.",
        "inventory",
        "SELECT count(*) FROM stock",
        """
        SELECT concat(sku, ' in ', warehouse), coalesce(h.held, 0)::bigint, reserved, sku, warehouse
        FROM stock LEFT JOIN (
            SELECT sku, warehouse, sum(quantity) AS held
            FROM reservation_lines JOIN reservations USING (order_id)
            WHERE state = 'held' GROUP BY sku, warehouse
        ) h USING (sku, warehouse)
        WHERE reserved <> coalesce(h.held, 0)
        """,
        proposes=CORRECT_RESERVED,
        facts=("sku", "warehouse"),
    ),
    Search(
        "no shelf holds less than nothing",
        "More units were sold or promised than ever lay there: some buyer will wait in vain.",
        "inventory",
        "SELECT count(*) FROM stock",
        """
        SELECT concat(sku, ' in ', warehouse), 'on hand >= reserved >= 0',
            concat(on_hand, ' on hand, ', reserved, ' reserved')
        FROM stock WHERE NOT (on_hand >= reserved AND reserved >= 0)
        """,
        COUNT,
    ),
)

# An endpoint for webhooks may have been deleted since: its answer has an ETag, but no order's address.
_OF_ORDERS = """
FROM idempotency_keys k WHERE k.resource_id IS NOT NULL AND k.created_at < %(before)s
    AND NOT (coalesce(k.headers, '{}') ? 'ETag'
        AND strpos(coalesce(k.headers ->> 'Location', ''), '/orders/') = 0)
"""
KEYS = Search(
    "every Idempotency-Key points to what was made for it",
    "A buyer was promised an order or a refund that is not there; his retry cannot be answered.",
    "orders",
    f"SELECT count(*) {_OF_ORDERS}",
    f"""
    SELECT concat('a key of ', k.owner), 'an order or a refund', concat('nothing at ', k.resource_id)
    {_OF_ORDERS}
        AND NOT EXISTS (SELECT FROM orders made WHERE made.id::text = k.resource_id)
        AND NOT EXISTS (SELECT FROM refunds made WHERE made.id::text = k.resource_id)
        AND NOT EXISTS (SELECT FROM webhook_endpoints made WHERE made.id::text = k.resource_id)
    """,
    "Key and order are written together, so rows were deleted or a backup was mixed: look for the "
    "order at the gateway and in backups before anything else is restored.",
)

HAS_BUYER = "every order has a buyer whom users knows"
BUYERS = """
SELECT buyer_id::text FROM orders WHERE created_at < %(before)s GROUP BY buyer_id ORDER BY buyer_id
"""
PEOPLE = "SELECT id::text FROM users ORDER BY id"


NAMES = (*(search.name for search in (*SHELVES, KEYS)), HAS_BUYER)


def check_tables(
    taken: Mapping[str, Snapshot], params: Mapping[str, object], max_findings: int = MAX_FINDINGS
) -> Iterator[Tally]:
    """Every check of this file, one after the other."""
    for search in (*SHELVES, KEYS):
        yield search.run(taken[search.database], params, max_findings)
    buyers = (row[0] for row in taken["orders"].rows(BUYERS, params))
    yield check_buyers(buyers, (row[0] for row in taken["users"].rows(PEOPLE)), max_findings)


def check_buyers(
    buyers: Iterator[str], people: Iterator[str], max_findings: int = MAX_FINDINGS
) -> Tally:
    """Every buyer is somebody; both streams are sorted."""
    tally = Tally(
        HAS_BUYER,
        "Somebody who has bought cannot log in any more, or was never there.",
        max_findings,
    )
    person = next(people, None)
    for buyer in buyers:
        while person is not None and person < buyer:
            person = next(people, None)
        tally.count(f"buyer {buyer}", None if person == buyer else LOST)
    return tally


LOST = Difference(
    "a user",
    "nobody",
    person="An account cannot be made up: restore it from the backup of users.",
)
