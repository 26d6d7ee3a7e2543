"""Any number of sold orders, made by the databases themselves: 40 of them a second, each with all it takes."""

from collections.abc import Mapping

from store.audit.testing.corruptions.rows import BUYER, OPTIONS, SALE

_ID = "lpad(n::text, 32, '0')::uuid"
_AT = "now() - interval '1 day' - n * interval '25 milliseconds'"
_NUMBERS = "generate_series(1000, 999 + {many}) n"

ORDERS = f"""
INSERT INTO orders (id, buyer_id, state, currency, total, payment_method, shipping_address, expires_at,
    created_at, updated_at)
SELECT {_ID}, '{BUYER}', 'confirmed', 'EUR', 1000, 'pm_card_visa', '{{}}', {_AT}, {_AT}, {_AT}
FROM {_NUMBERS};
INSERT INTO order_lines (order_id, position, sku, quantity, name, unit_price)
SELECT {_ID}, 0, 'MUG', 1, 'Mug', 1000 FROM {_NUMBERS};
INSERT INTO payments (order_id, amount, currency, status, intent_id, authorised, captured)
SELECT {_ID}, 1000, 'EUR', 'succeeded', 'pi_' || n, 1000, 1000 FROM {_NUMBERS};
INSERT INTO order_events (order_id, number, type, created_at)
SELECT {_ID}, number, type, {_AT} FROM {_NUMBERS},
    unnest(string_to_array('{SALE}', ' ')) WITH ORDINALITY AS event (type, number);
INSERT INTO idempotency_keys (owner, key, fingerprint, attempt, locked_until, resource_id, created_at)
SELECT '{BUYER}', 'key-' || n, '', {_ID}, {_AT}, {_ID}::text, {_AT} FROM {_NUMBERS};
"""

INVENTORY = f"""
INSERT INTO stock_movements
    (id, sku, warehouse, kind, quantity, on_hand_after, reference, actor, created_at)
VALUES (lpad('999', 32, '0')::uuid, 'MUG', 'berlin', 'received', {{many}}, 95 + {{many}}, 'crowd', 'x',
    now() - interval '2 days');
INSERT INTO stock_movements
    (id, sku, warehouse, kind, quantity, on_hand_after, reference, actor, created_at)
SELECT {_ID}, 'MUG', 'berlin', 'sold', -1, 95 + {{many}} - (n - 999), {_ID}::text, 'x', {_AT}
FROM {_NUMBERS};
INSERT INTO reservations (order_id, state, currency, total, expires_at, created_at, updated_at)
SELECT {_ID}, 'committed', 'EUR', 1000, {_AT}, {_AT}, {_AT} FROM {_NUMBERS};
INSERT INTO reservation_lines (order_id, position, sku, warehouse, quantity, unit_price, name)
SELECT {_ID}, 1, 'MUG', 'berlin', 1, 1000, 'Mug' FROM {_NUMBERS};
"""

GATEWAY = f"""
INSERT INTO payment_intents (id, amount, currency, status, capture_method, payment_method,
    amount_received, client_secret, metadata, options, created_at)
SELECT 'pi_' || n, 1000, 'eur', 'succeeded', 'manual', 'pm_card_visa', 1000, 'x',
    jsonb_build_object('order_id', {_ID}), '{OPTIONS}', {_AT}
FROM generate_series(999 + {{many}}, 1000, -1) n;
INSERT INTO charges (id, payment_intent, amount, currency, status, payment_method, amount_captured,
    created_at)
SELECT 'ch_' || n, 'pi_' || n, 1000, 'eur', 'succeeded', 'pm_card_visa', 1000, {_AT}
FROM {_NUMBERS};
"""


def crowd(many: int) -> Mapping[str, str]:
    """SQL by service for so many more orders in a small store."""
    parts = {"orders": ORDERS, "inventory": INVENTORY, "gateway": GATEWAY}
    return {name: sql.replace("{many}", str(many)) for name, sql in parts.items()}
