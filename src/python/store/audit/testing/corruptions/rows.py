"""The rows of a small store, consistent to the last one: five orders, one of each kind."""

from collections.abc import Mapping
from uuid import UUID

BUYER = UUID(int=1)
SOLD, CANCELLED, REJECTED, REFUNDED, PENDING = (str(UUID(int=10 + number)) for number in range(5))
UNKNOWN = str(UUID(int=99))
ENDPOINT = str(UUID(int=40))
SALE = "order.placed order.reserved order.authorised order.committed order.confirmed"
OPTIONS = (
    '{"automatic_payment_methods": null, "confirmation_method": "automatic", "receipt_email": null, '
    '"shipping": null, "statement_descriptor_suffix": null}'
)
HOUR_AGO = "now() - interval '1 hour'"

USERS = f"""
INSERT INTO users (id, email, name, role, version, created_at, updated_at)
VALUES ('{BUYER}', 'ada@example.com', 'Ada', 'customer', 1, {HOUR_AGO}, {HOUR_AGO});
"""

# 100 mugs arrived; two were sold, two sold and returned, three sold (and refunded later), one is held.
INVENTORY = f"""
INSERT INTO products (id, status, title) VALUES ('{UUID(int=2)}', 'active', 'Mug');
INSERT INTO variants (id, product_id, sku) VALUES ('{UUID(int=3)}', '{UUID(int=2)}', 'MUG');
INSERT INTO warehouses (code, name) VALUES ('berlin', 'Berlin');
INSERT INTO stock (sku, warehouse, on_hand, reserved) VALUES ('MUG', 'berlin', 95, 1);
INSERT INTO stock_movements
    (id, sku, warehouse, kind, quantity, on_hand_after, reference, actor, created_at)
SELECT lpad(number::text, 32, '0')::uuid, 'MUG', 'berlin', kind, quantity, after, reference, 'x',
    {HOUR_AGO}
FROM (VALUES
    (1, 'received', 100, 100, 'delivery'), (2, 'sold', -2, 98, '{SOLD}'),
    (3, 'sold', -2, 96, '{CANCELLED}'), (4, 'returned', 2, 98, '{CANCELLED}'),
    (5, 'sold', -3, 95, '{REFUNDED}')
) line (number, kind, quantity, after, reference);
INSERT INTO reservations (order_id, state, currency, total, expires_at, created_at, updated_at)
SELECT id::uuid, state, 'EUR', total, now() + interval '1 hour', {HOUR_AGO}, {HOUR_AGO}
FROM (VALUES ('{SOLD}', 'committed', 2000), ('{CANCELLED}', 'released', 2000),
    ('{REFUNDED}', 'committed', 3000), ('{PENDING}', 'held', 1000)) r (id, state, total);
INSERT INTO reservations (order_id, state, updated_at) VALUES ('{REJECTED}', 'released', {HOUR_AGO});
INSERT INTO reservation_lines (order_id, position, sku, warehouse, quantity, unit_price, name)
SELECT id::uuid, 1, 'MUG', 'berlin', quantity, 1000, 'Mug'
FROM (VALUES ('{SOLD}', 2), ('{CANCELLED}', 2), ('{REFUNDED}', 3), ('{PENDING}', 1)) l (id, quantity);
"""

ORDERS = f"""
INSERT INTO orders (id, buyer_id, state, currency, total, payment_method, shipping_address, step,
    ending, reason, expires_at, next_attempt_at, created_at, updated_at)
SELECT id::uuid, '{BUYER}', state, 'EUR', total, 'pm_card_visa', '{{}}', step, ending, reason,
    now() + interval '5 minutes', now() + interval '5 minutes', {HOUR_AGO}, {HOUR_AGO}
FROM (VALUES
    ('{SOLD}', 'confirmed', 2000, NULL, NULL, NULL),
    ('{CANCELLED}', 'cancelled', 2000, NULL, 'cancelled', 'cancelled_by_buyer'),
    ('{REJECTED}', 'rejected', NULL, NULL, 'rejected', 'out_of_stock'),
    ('{REFUNDED}', 'refunded', 3000, NULL, NULL, NULL),
    ('{PENDING}', 'pending', 1000, 'authorise', NULL, NULL)
) o (id, state, total, step, ending, reason);
INSERT INTO order_lines (order_id, position, sku, quantity, name, unit_price)
SELECT id::uuid, 0, 'MUG', quantity, 'Mug', 1000
FROM (VALUES ('{SOLD}', 2), ('{CANCELLED}', 2), ('{REFUNDED}', 3), ('{PENDING}', 1)) l (id, quantity);
INSERT INTO payments (order_id, amount, currency, status, intent_id, authorised, captured) VALUES
    ('{SOLD}', 2000, 'EUR', 'succeeded', 'pi_sold', 2000, 2000),
    ('{CANCELLED}', 2000, 'EUR', 'succeeded', 'pi_cancelled', 2000, 2000),
    ('{REFUNDED}', 3000, 'EUR', 'succeeded', 'pi_refunded', 3000, 3000);
INSERT INTO payments (order_id, amount, currency, status) VALUES ('{PENDING}', 1000, 'EUR', 'asked');
INSERT INTO refunds (id, order_id, amount, reason, state, gateway_id, requested_by, created_at) VALUES
    ('{UUID(int=30)}', '{CANCELLED}', 2000, 'x', 'succeeded', 're_1', '{BUYER}', {HOUR_AGO}),
    ('{UUID(int=31)}', '{REFUNDED}', 3000, 'x', 'succeeded', 're_2', '{BUYER}', {HOUR_AGO});
INSERT INTO order_events (order_id, number, type, created_at)
SELECT id::uuid, number, type, {HOUR_AGO} FROM (VALUES
    ('{SOLD}', '{SALE}'),
    ('{CANCELLED}', '{SALE} order.cancel_requested order.letting_go refund.succeeded order.cancelled'),
    ('{REJECTED}', 'order.placed order.letting_go order.rejected'),
    ('{REFUNDED}', '{SALE} order.shipped refund.requested refund.succeeded order.refunded'),
    ('{PENDING}', 'order.placed order.reserved')
) o (id, story), unnest(string_to_array(story, ' ')) WITH ORDINALITY AS event (type, number);
INSERT INTO idempotency_keys (owner, key, fingerprint, attempt, locked_until, resource_id, status,
    headers, body, created_at)
SELECT '{BUYER}', id::text, '', id, {HOUR_AGO}, id::text, 201,
    jsonb_build_object('Content-Type', 'application/json'), '', {HOUR_AGO}
FROM (SELECT id FROM orders UNION SELECT id FROM refunds) made;
INSERT INTO webhook_endpoints (id, url, sealed_secret, listens_since, created_by, created_at,
    updated_at)
VALUES ('{ENDPOINT}', 'https://example.com/', '', {HOUR_AGO} - interval '1 hour', '{BUYER}',
    {HOUR_AGO} - interval '1 hour', {HOUR_AGO} - interval '1 hour');
INSERT INTO webhook_deliveries (endpoint_id, event_id, order_id, number, state, attempts, answer,
    created_at, give_up_at, delivered_at)
SELECT '{ENDPOINT}', id, order_id, number, 'delivered', 1, '200', created_at,
    created_at + interval '3 days', created_at + make_interval(secs => number)
FROM order_events;
"""

GATEWAY = f"""
INSERT INTO payment_intents (id, amount, currency, status, capture_method, payment_method,
    amount_received, client_secret, metadata, options, created_at)
SELECT id, amount, 'eur', 'succeeded', 'manual', 'pm_card_visa', amount, 'x',
    jsonb_build_object('order_id', order_id), '{OPTIONS}', {HOUR_AGO}
FROM (VALUES ('pi_sold', 2000, '{SOLD}'), ('pi_cancelled', 2000, '{CANCELLED}'),
    ('pi_refunded', 3000, '{REFUNDED}')) i (id, amount, order_id);
INSERT INTO charges (id, payment_intent, amount, currency, status, payment_method, amount_captured,
    amount_refunded, created_at)
SELECT replace(id, 'pi', 'ch'), id, amount, 'eur', 'succeeded', 'pm_card_visa', amount,
    CASE id WHEN 'pi_sold' THEN 0 ELSE amount END, {HOUR_AGO}
FROM payment_intents;
INSERT INTO refunds (id, charge, payment_intent, amount, currency, status, metadata, created_at)
VALUES ('re_1', 'ch_cancelled', 'pi_cancelled', 2000, 'eur', 'succeeded', '{{}}', {HOUR_AGO}),
    ('re_2', 'ch_refunded', 'pi_refunded', 3000, 'eur', 'succeeded', '{{}}', {HOUR_AGO});
"""

ROWS: Mapping[str, str] = {
    "users": USERS,
    "inventory": INVENTORY,
    "orders": ORDERS,
    "gateway": GATEWAY,
}
