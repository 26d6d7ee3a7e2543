"""What the database itself refuses, whoever asks."""

from collections.abc import Iterator
from uuid import UUID

import peewee
import pytest

from store.inventory.models.reservations import RequestedLine
from store.inventory.models.tables import database
from store.inventory.reservations.batcher import serve_alone
from store.inventory.reservations.lifecycle import commit, release, reserve, sweep
from store.inventory.testing.stock import add_variant, deliver, wrong_in_the_books
from store.server.ids import new_id

STATES = {"held": new_id(), "committed": new_id(), "released": new_id(), "expired": new_id()}
ALLOWED = {
    ("held", "committed"),
    ("held", "released"),
    ("held", "expired"),
    ("committed", "released"),
    ("expired", "held"),
    ("expired", "released"),
}


@pytest.fixture(autouse=True)
def books(database: object) -> Iterator[None]:
    """A reservation in every state; afterwards the books must be right."""
    add_variant("MUG")
    deliver("MUG", 100)
    deliver("MUG", 1, "OTHER")
    for state, order_id in STATES.items():
        hold(order_id, 0 if state == "expired" else 900)
    sweep()
    commit(serve_alone, STATES["committed"])
    release(serve_alone, STATES["released"], "cancelled")
    yield
    assert wrong_in_the_books() == {}


def hold(order_id: UUID, seconds: int) -> None:
    reserve(serve_alone, order_id, "EUR", [RequestedLine("MUG", 10)], seconds)


def move(order_id: UUID, state: str) -> None:
    database.run("UPDATE reservations SET state = %s WHERE order_id = %s", (state, order_id))


@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize("after", STATES)
def test_a_reservation_moves_along_its_edges_only(before: str, after: str) -> None:
    if (before, after) in ALLOWED - {("expired", "held")}:
        move(STATES[before], after)
    elif (before, after) != ("expired", "held"):
        with pytest.raises(peewee.IntegrityError, match="does not move from"):
            move(STATES[before], after)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE stock SET on_hand = on_hand + 1",
        "UPDATE stock SET reserved = 0",
        "DELETE FROM stock",
        "INSERT INTO stock (sku, warehouse) VALUES ('MUG', 'MAIN')",
        "UPDATE stock_movements SET quantity = 1",
        "DELETE FROM stock_movements",
        "TRUNCATE stock_movements",
        "TRUNCATE stock CASCADE",
        "DELETE FROM reservations",
        "TRUNCATE reservations CASCADE",
        "UPDATE reservation_lines SET quantity = 1",
        "DELETE FROM reservation_lines",
        "TRUNCATE reservation_lines",
        "DELETE FROM stock_corrections",
        "UPDATE stock_corrections SET reserved_after = 1",
        "TRUNCATE stock_corrections",
        "UPDATE reservations SET state = 'released', total = 0 WHERE state = 'held'",
        "UPDATE reservations SET state = 'released', order_id = uuidv7() WHERE state = 'held'",
        "INSERT INTO reservations (order_id, state, currency, total, expires_at) VALUES (uuidv7(), 'committed', 'EUR', 1, now())",
        "INSERT INTO reservations (order_id, state) VALUES (uuidv7(), 'held')",
        "INSERT INTO reservation_lines SELECT order_id, 2, 'MUG', 'OTHER', 1, 1, '' FROM reservations WHERE state = 'committed'",
        "INSERT INTO stock_movements (sku, warehouse, kind, quantity, reference, actor) SELECT sku, warehouse, kind, quantity, reference, actor FROM stock_movements ON CONFLICT DO NOTHING",
        "INSERT INTO stock_movements (sku, warehouse, kind, quantity, reference, actor) VALUES ('MUG', 'MAIN', 'received', -1, 'X', 'me')",
        "INSERT INTO stock_movements (sku, warehouse, kind, quantity, reference, actor) VALUES ('MUG', 'MAIN', 'sold', -1, 'X', 'me')",
        "INSERT INTO stock_movements (sku, warehouse, kind, quantity, reference, actor) VALUES ('MUG', 'MAIN', 'returned', 1, 'X', 'me')",
        "INSERT INTO stock_movements (sku, warehouse, kind, quantity, reference, actor) VALUES ('MUG', 'MAIN', 'damaged', -81, 'X', 'me')",
        "INSERT INTO stock_movements (sku, warehouse, kind, quantity, reference, actor) VALUES ('MUG', 'MAIN', 'gone', -1, 'X', 'me')",
    ],
)  # fmt: skip
def test_nobody_writes_past_the_guards(statement: str) -> None:
    with pytest.raises(peewee.IntegrityError):
        database.run(statement)
