"""Orders that hang or tell something else than is so, and subscribers who miss something."""

from store.audit.testing.corruptions.corruption import (
    BUYERS,
    DELIVERED,
    GIVEN_UP,
    HISTORY,
    IN_TIME,
    KEYS,
    NUMBERED,
    ORDERED,
    OWED,
    for_a_person,
    repairable,
)
from store.audit.testing.corruptions.rows import BUYER, HOUR_AGO, PENDING, REJECTED, SOLD

LAST = f"order_id = '{SOLD}' AND number = 5"
UNDELIVERED = "UPDATE webhook_deliveries SET delivered_at = NULL, state"

CORRUPTIONS = {
    "an order hangs": repairable(
        "orders",
        f"UPDATE orders SET expires_at = {HOUR_AGO}, next_attempt_at = now() + interval '1 day' "
        f"WHERE id = '{PENDING}'",
        IN_TIME,
    ),
    "an order hangs in the hands of a process that died": repairable(
        "orders",
        f"UPDATE orders SET expires_at = {HOUR_AGO}, next_attempt_at = now() + interval '1 day', "
        f"lease = id, leased_until = {HOUR_AGO} WHERE id = '{PENDING}'",
        IN_TIME,
    ),
    "a cancellation of a sold order hangs": repairable(
        "orders",
        f"UPDATE orders SET step = 'repay', ending = 'cancelled', reason = 'cancelled_by_staff', "
        f"expires_at = {HOUR_AGO}, next_attempt_at = {HOUR_AGO} WHERE id = '{SOLD}';"
        "INSERT INTO refunds (id, order_id, amount, reason, state, requested_by, created_at) "
        f"VALUES ('{SOLD}', '{SOLD}', 2000, 'cancelled', 'pending', '{BUYER}', {HOUR_AGO})",
        IN_TIME,
    ),
    "an event is missing": for_a_person(
        "orders",
        f"DELETE FROM webhook_deliveries WHERE order_id = '{SOLD}' AND number = 4;"
        f"DELETE FROM order_events WHERE order_id = '{SOLD}' AND number = 4",
        NUMBERED,
    ),
    "the last event is missing": for_a_person(
        "orders",
        f"DELETE FROM webhook_deliveries WHERE {LAST}; DELETE FROM order_events WHERE {LAST}",
        HISTORY,
    ),
    "all events are missing": for_a_person(
        "orders",
        f"DELETE FROM webhook_deliveries WHERE order_id = '{REJECTED}';"
        f"DELETE FROM order_events WHERE order_id = '{REJECTED}'",
        NUMBERED,
        HISTORY,
    ),
    "an outcome was told twice": for_a_person(
        "orders",
        "UPDATE order_events SET type = 'order.confirmed' WHERE type = 'order.committed' "
        f"AND order_id = '{SOLD}'",
        HISTORY,
    ),
    "an order was shipped that was never confirmed": for_a_person(
        "orders",
        f"UPDATE orders SET state = 'shipped' WHERE id = '{SOLD}';"
        f"UPDATE order_events SET type = 'order.shipped' WHERE {LAST}",
        HISTORY,
    ),
    "a key points nowhere": for_a_person(
        "orders",
        f"UPDATE idempotency_keys SET resource_id = 'nothing' WHERE resource_id = '{SOLD}'",
        KEYS,
    ),
    "a buyer is lost": for_a_person("users", "DELETE FROM users", BUYERS),
    "a delivery is missing": repairable(
        "orders", f"DELETE FROM webhook_deliveries WHERE {LAST}", OWED
    ),
    "an event waits too long": repairable(
        "orders",
        f"{UNDELIVERED} = 'pending', answer = '500', due_at = now() + interval '1 hour' WHERE {LAST}",
        DELIVERED,
    ),
    "a subscriber never took an event": for_a_person(
        "orders", f"{UNDELIVERED} = 'dead', answer = 'timeout' WHERE {LAST}", GIVEN_UP
    ),
    "a later event was delivered first": for_a_person(
        "orders",
        f"UPDATE webhook_deliveries SET delivered_at = created_at WHERE {LAST}",
        ORDERED,
    ),
    "a later event was delivered although an earlier one waits": for_a_person(
        "orders",
        f"{UNDELIVERED} = 'pending', give_up_at = now() + interval '3 days', created_at = now() "
        f"WHERE order_id = '{SOLD}' AND number = 4",
        ORDERED,
    ),
}
