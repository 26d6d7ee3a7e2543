"""What a test puts on the shelves, and whether the books are right afterwards."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from store.inventory.models.tables import database
from store.protos.inventory.v1 import inventory_pb2 as pb
from store.server.grpc.channel import RemoteError, errors_in_our_words
from store.server.ids import new_id

KEY = "a-key-of-the-tests"
_deliveries = count(1)

# What must be true of stock after every test, as queries that find no row while it is. `proof audit`
# asks more, of a whole store; these are for inventory alone.
AUDITS = {
    "a level is the sum of its ledger": """
        SELECT sku, warehouse, on_hand, coalesce(booked, 0) AS booked
        FROM stock LEFT JOIN (
            SELECT sku, warehouse, sum(quantity) AS booked
            FROM stock_movements GROUP BY sku, warehouse
        ) ledger USING (sku, warehouse)
        WHERE on_hand <> coalesce(booked, 0)""",
    "a shelf reserves what its held lines ask for": """
        SELECT sku, warehouse, reserved, coalesce(held, 0) AS held
        FROM stock LEFT JOIN (
            SELECT sku, warehouse, sum(quantity) AS held
            FROM reservation_lines JOIN reservations USING (order_id)
            WHERE state = 'held' GROUP BY sku, warehouse
        ) lines USING (sku, warehouse)
        WHERE reserved <> coalesce(held, 0)""",
    "a committed line is sold once, a released one is back": """
        SELECT order_id, line.sku, line.warehouse, state, coalesce(booked, 0) AS booked
        FROM reservations JOIN reservation_lines line USING (order_id) LEFT JOIN (
            SELECT reference, sku, warehouse, sum(quantity) AS booked
            FROM stock_movements WHERE kind IN ('sold', 'returned')
            GROUP BY reference, sku, warehouse
        ) ledger ON (ledger.reference, ledger.sku, ledger.warehouse)
            = (order_id::text, line.sku, line.warehouse)
        WHERE coalesce(booked, 0) <> CASE state WHEN 'committed' THEN -quantity ELSE 0 END""",
    "nothing is sold without a reservation": """
        SELECT movement.id FROM stock_movements movement
        LEFT JOIN reservation_lines line ON line.order_id::text = movement.reference
            AND (line.sku, line.warehouse) = (movement.sku, movement.warehouse)
        WHERE movement.kind IN ('sold', 'returned') AND line.order_id IS NULL""",
    "a reservation costs what its lines cost": """
        SELECT order_id, total FROM reservations LEFT JOIN (
            SELECT order_id, sum(quantity * unit_price) AS priced
            FROM reservation_lines GROUP BY order_id
        ) lines USING (order_id)
        WHERE total IS DISTINCT FROM priced""",
}


def add_variant(
    sku: str,
    price: int | None = 1290,
    *,
    title: str = "Mug",
    name: str = "",
    product: str = "active",
    variant: str = "active",
) -> None:
    """A product with one variant; `price` in euro cents."""
    product_id = new_id()
    with database.transaction():
        database.run(
            "INSERT INTO products (id, status, title) VALUES (%s, %s, %s)",
            (product_id, product, title),
        )
        database.run(
            "INSERT INTO variants (id, product_id, sku, name, status) VALUES (%s, %s, %s, %s, %s)",
            (new_id(), product_id, sku, name, variant),
        )
        if price is not None:
            set_price(sku, price)


def set_price(sku: str, amount: int, currency: str = "EUR") -> None:
    """The price of a SKU from now on; the one until now ends."""
    with database.transaction():
        database.run(
            """UPDATE prices SET valid_until = now()
            WHERE sku = %s AND currency = %s AND valid_until IS NULL""",
            (sku, currency),
        )
        database.run(
            "INSERT INTO prices (id, sku, currency, amount) VALUES (%s, %s, %s, %s)",
            (new_id(), sku, currency, amount),
        )


def deliver(sku: str, quantity: int, warehouse: str = "MAIN") -> None:
    """Units for a shelf, in a warehouse that is opened when needed."""
    database.run(
        "INSERT INTO warehouses (code, name) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (warehouse, warehouse),
    )
    database.run(
        """INSERT INTO stock_movements (sku, warehouse, kind, quantity, reference, actor)
        VALUES (%s, %s, 'received', %s, %s, 'test')""",
        (sku, warehouse, quantity, f"delivery-{next(_deliveries)}"),
    )


def stock_levels() -> dict[tuple[str, str], tuple[int, int]]:
    """What is on hand and what is reserved, by SKU and warehouse."""
    rows = database.rows("SELECT sku, warehouse, on_hand, reserved FROM stock")
    return {(row["sku"], row["warehouse"]): (row["on_hand"], row["reserved"]) for row in rows}


def wrong_in_the_books() -> dict[str, list[dict[str, object]]]:
    """What the audits find: nothing, if all is well."""
    found = {name: database.rows(query) for name, query in AUDITS.items()}
    return {name: rows for name, rows in found.items() if rows}


def reserve_request(order_id: object, **lines: int) -> pb.ReserveRequest:
    """A call to hold so many units of each of these SKUs."""
    wanted = [pb.Line(sku=sku, quantity=quantity) for sku, quantity in lines.items()]
    return pb.ReserveRequest(order_id=str(order_id), currency="EUR", lines=wanted)


def refused(call: Callable[..., Any], request: Any) -> RemoteError:
    """The refusal that a call ends in."""
    with pytest.raises(RemoteError) as refusal, errors_in_our_words():
        call(request, timeout=5)
    return refusal.value
