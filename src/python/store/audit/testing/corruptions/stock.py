"""Stock that is not where it should be."""

from uuid import UUID

from store.audit.testing.corruptions.corruption import (
    BOOKED,
    BOOKED_ONCE,
    CHAIN,
    HELD,
    LEVELS,
    NEGATIVE,
    NO_STOCK,
    ORPHANS,
    PRICES,
    QUOTED,
    STOCK,
    Corruption,
    for_a_person,
    repairable,
)
from store.audit.testing.corruptions.rows import CANCELLED, HOUR_AGO, REJECTED, SOLD, UNKNOWN


def booking(reference: str, kind: str, quantity: int, after: int) -> str:
    """SQL for a line in the ledger that nobody may write, with its level."""
    return f"""
        INSERT INTO stock_movements (id, sku, warehouse, kind, quantity, on_hand_after, reference,
            actor, created_at)
        VALUES ('{UUID(int=10**30)}', 'MUG', 'berlin', '{kind}', {quantity}, {after}, '{reference}',
            'x', {HOUR_AGO});
        UPDATE stock SET on_hand = {after};
    """


def held(order_id: str, units: int) -> str:
    """SQL for a reservation of units that nobody has sold yet."""
    return f"""
        DELETE FROM reservations WHERE order_id = '{order_id}';
        INSERT INTO reservations (order_id, state, currency, total, expires_at, updated_at)
        VALUES ('{order_id}', 'held', 'EUR', {units}000, now() + interval '1 hour', {HOUR_AGO});
        INSERT INTO reservation_lines (order_id, position, sku, warehouse, quantity, unit_price, name)
        VALUES ('{order_id}', 1, 'MUG', 'berlin', {units}, 1000, 'Mug');
        UPDATE stock SET reserved = reserved + {units};
    """


NOT_SOLD = (
    f"DELETE FROM stock_movements WHERE reference = '{SOLD}';"
    "UPDATE stock_movements SET on_hand_after = on_hand_after + 2 WHERE kind <> 'received';"
    "UPDATE stock SET on_hand = on_hand + 2;"
)
DROP_ONCE = "ALTER TABLE stock_movements DROP CONSTRAINT a_reference_is_booked_once;"

CORRUPTIONS = {
    "a sold order's stock was never committed": repairable(
        "inventory",
        f"{NOT_SOLD} UPDATE reservations SET state = 'expired' WHERE order_id = '{SOLD}'",
        STOCK,
    ),
    "a sold order's stock is still held": repairable(
        "inventory",
        f"{NOT_SOLD} UPDATE reservations SET state = 'held', expires_at = now() + interval '1 hour' "
        f"WHERE order_id = '{SOLD}'; UPDATE stock SET reserved = reserved + 2",
        STOCK,
    ),
    "a sold order's stock was sold to somebody else": for_a_person(
        "inventory",
        f"{NOT_SOLD} UPDATE reservations SET state = 'expired' WHERE order_id = '{SOLD}';"
        + booking("count", "counted", -95, 2),
        STOCK,
    ),
    "a sold order's stock was given back": for_a_person(
        "inventory",
        f"{NOT_SOLD} UPDATE reservations SET state = 'released' WHERE order_id = '{SOLD}'",
        STOCK,
    ),
    "a sold order's stock was committed with other lines": for_a_person(
        "inventory",
        f"UPDATE reservation_lines SET quantity = 1 WHERE order_id = '{SOLD}'",
        STOCK,
        BOOKED,
        QUOTED,
    ),
    "a sold order's stock was booked in another warehouse": for_a_person(
        "inventory",
        "INSERT INTO warehouses (code, name) VALUES ('rome', 'Rome');"
        "INSERT INTO stock (sku, warehouse) VALUES ('MUG', 'rome');"
        f"UPDATE reservation_lines SET warehouse = 'rome' WHERE order_id = '{SOLD}'",
        STOCK,
        BOOKED,
    ),
    "a sold order's stock was booked twice": for_a_person(
        "inventory", DROP_ONCE + booking(SOLD, "sold", -2, 93), STOCK, BOOKED, BOOKED_ONCE
    ),
    "a sold order's stock was booked under another name": for_a_person(
        "inventory", booking(f"{SOLD}-again", "sold", -2, 93), ORPHANS, BOOKED
    ),
    "a cancelled order's stock came back twice": for_a_person(
        "inventory",
        DROP_ONCE + booking(CANCELLED, "returned", 2, 97),
        NO_STOCK,
        BOOKED,
        BOOKED_ONCE,
    ),
    "a sold order has no reservation": for_a_person(
        "inventory",
        f"DELETE FROM reservation_lines WHERE order_id = '{SOLD}';"
        f"DELETE FROM reservations WHERE order_id = '{SOLD}'",
        STOCK,
        PRICES,
        BOOKED,
    ),
    "a sold order's total is not that of its lines": for_a_person(
        "orders", f"UPDATE order_lines SET unit_price = 999 WHERE order_id = '{SOLD}'", PRICES
    ),
    "a reservation's total is not that of its lines": for_a_person(
        "inventory",
        f"UPDATE reservation_lines SET unit_price = 999 WHERE order_id = '{SOLD}'",
        QUOTED,
    ),
    "a rejected order's stock is still held": repairable("inventory", held(REJECTED, 2), NO_STOCK),
    "a cancelled order's stock is still sold": repairable(
        "inventory",
        f"UPDATE reservations SET state = 'committed' WHERE order_id = '{CANCELLED}';"
        f"DELETE FROM stock_movements WHERE reference = '{CANCELLED}' AND kind = 'returned';"
        "UPDATE stock_movements SET on_hand_after = on_hand_after - 2 WHERE quantity = -3;"
        "UPDATE stock SET on_hand = on_hand - 2",
        NO_STOCK,
    ),
    "a cancelled order's stock never came back": for_a_person(
        "inventory",
        f"DELETE FROM stock_movements WHERE kind = 'returned' AND reference = '{CANCELLED}'",
        NO_STOCK,
        BOOKED,
        LEVELS,
        CHAIN,
    ),
    "stock is held without an order": repairable("inventory", held(UNKNOWN, 2), ORPHANS),
    "stock was sold without an order": for_a_person(
        "inventory",
        held(UNKNOWN, 2)
        + f"UPDATE reservations SET state = 'committed' WHERE order_id = '{UNKNOWN}';"
        "UPDATE stock SET reserved = reserved - 2;" + booking(UNKNOWN, "sold", -2, 93),
        ORPHANS,
    ),
    "a level was changed past the ledger": for_a_person(
        "inventory", "UPDATE stock SET on_hand = on_hand + 1", LEVELS
    ),
    "a line of the ledger was rewritten": for_a_person(
        "inventory",
        "UPDATE stock_movements SET on_hand_after = 97 WHERE on_hand_after = 96",
        CHAIN,
    ),
    "a line of the ledger was removed": for_a_person(
        "inventory", "DELETE FROM stock_movements WHERE kind = 'received'", LEVELS, CHAIN
    ),
    "units are reserved for nobody": repairable(
        "inventory", "UPDATE stock SET reserved = reserved + 1", HELD
    ),
    "units are held but not reserved": repairable(
        "inventory", "UPDATE stock SET reserved = 0", HELD
    ),
    "less than nothing lies on a shelf": Corruption(
        {
            "inventory": "ALTER TABLE stock DROP CONSTRAINT reserved_units_are_on_hand;"
            "ALTER TABLE stock_movements DROP CONSTRAINT stock_movements_on_hand_after_check;"
            + booking("count", "counted", -96, -1)
        },
        {NEGATIVE},
        {NEGATIVE},
    ),
}
