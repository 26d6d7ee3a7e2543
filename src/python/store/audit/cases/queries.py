"""What is read of each database: one row for each order (of payments: for each payment).

Each query is in the order of the orders' ids, as text. Filled in by `of_all` or `of_one`.
"""

ORDERS = """
SELECT o.id::text, o.state, o.currency, coalesce(o.total, 0), o.step, o.ending,
    CASE WHEN o.state IN ('pending', 'awaiting_payment') THEN o.expires_at
        ELSE greatest(o.expires_at, o.next_attempt_at) END,
    o.updated_at,
    coalesce(l.lines, ''), l.total, p.intent_id, coalesce(p.captured, 0),
    coalesce(r.refunded, 0)::bigint, coalesce(r.asked, 0)::bigint, coalesce(r.pending, false),
    coalesce(e.types, ''), coalesce(e.last, 0)
FROM orders o
LEFT JOIN (
    SELECT order_id, sum(quantity * unit_price)::bigint AS total,
        string_agg(sku || ' x' || quantity, ', ' ORDER BY sku COLLATE "C") AS lines
    FROM order_lines {where_order} GROUP BY order_id
) l ON l.order_id = o.id
LEFT JOIN payments p ON p.order_id = o.id
LEFT JOIN (
    SELECT order_id, sum(amount) FILTER (WHERE state = 'succeeded') AS refunded,
        sum(amount) FILTER (WHERE state <> 'failed') AS asked, bool_or(state = 'pending') AS pending
    FROM refunds {where_order} GROUP BY order_id
) r ON r.order_id = o.id
LEFT JOIN (
    SELECT order_id, string_agg(type, ',' ORDER BY number) AS types, max(number) AS last
    FROM order_events {where_order} GROUP BY order_id
) e ON e.order_id = o.id
{where_id} ORDER BY o.id
"""

STOCK = """
SELECT coalesce(r.order_id::text, m.reference), coalesce(r.state, 'nothing'), r.total,
    l.total::bigint, coalesce(l.lines, ''), coalesce(l.shelves, ''), coalesce(m.sold, ''),
    coalesce(m.times, 0), greatest(r.updated_at, m.at)
FROM (SELECT * FROM reservations {where_order}) r
LEFT JOIN (
    SELECT order_id, sum(total) AS total,
        string_agg(sku || ' x' || quantity, ', ' ORDER BY sku COLLATE "C") AS lines,
        string_agg(shelves, ', ' ORDER BY sku COLLATE "C") AS shelves
    FROM (
        SELECT order_id, sku, sum(quantity) AS quantity, sum(quantity * unit_price) AS total,
            string_agg(sku || ' in ' || warehouse || ' x' || quantity, ', '
                ORDER BY warehouse COLLATE "C") AS shelves
        FROM reservation_lines {where_order} GROUP BY order_id, sku
    ) taken GROUP BY order_id
) l USING (order_id)
FULL JOIN (
    SELECT reference, max(at) AS at, max(times) AS times,
        string_agg(sku || ' in ' || warehouse || ' x' || sold, ', '
            ORDER BY sku COLLATE "C", warehouse COLLATE "C") FILTER (WHERE sold <> 0) AS sold
    FROM (
        SELECT reference, sku, warehouse, -sum(quantity) AS sold, max(created_at) AS at,
            greatest(count(*) FILTER (WHERE kind = 'sold'),
                count(*) FILTER (WHERE kind = 'returned')) AS times
        FROM stock_movements WHERE kind IN ('sold', 'returned') {and_reference}
        GROUP BY reference, sku, warehouse
    ) booked GROUP BY reference
) m ON m.reference = r.order_id::text
ORDER BY coalesce(r.order_id::text, m.reference) COLLATE "C"
"""

INTENTS = """
SELECT coalesce(i.metadata ->> 'order_id', i.id), i.id, i.status, upper(i.currency), i.amount,
    i.amount_received, coalesce(c.charges, 0), coalesce(c.authorised, 0)::bigint,
    coalesce(c.captured, 0)::bigint, coalesce(r.refunded, 0)::bigint, coalesce(r.asked, 0)::bigint,
    coalesce(r.pending, false), greatest(i.created_at, i.canceled_at, c.at, r.at)
FROM payment_intents i
LEFT JOIN (
    SELECT payment_intent, sum(amount_captured) AS captured, max(created_at) AS at,
        count(*) FILTER (WHERE status = 'succeeded') AS charges,
        sum(amount) FILTER (WHERE status = 'succeeded') AS authorised
    FROM charges {where_intent} GROUP BY payment_intent
) c ON c.payment_intent = i.id
LEFT JOIN (
    SELECT payment_intent, sum(amount) FILTER (WHERE status = 'succeeded') AS refunded,
        sum(amount) FILTER (WHERE status <> 'failed') AS asked,
        bool_or(status = 'pending') AS pending, max(created_at) AS at
    FROM refunds {where_intent} GROUP BY payment_intent
) r ON r.payment_intent = i.id
{where_named} ORDER BY coalesce(i.metadata ->> 'order_id', i.id) COLLATE "C", i.seq
"""

_NARROW = {
    "where_order": "WHERE order_id = %(order)s::uuid",
    "where_id": "WHERE o.id = %(order)s::uuid",
    "and_reference": "AND reference = %(order)s",
    "where_intent": "WHERE payment_intent IN (SELECT id FROM payment_intents "
    "WHERE metadata ->> 'order_id' = %(order)s)",
    "where_named": "WHERE i.metadata ->> 'order_id' = %(order)s",
}
_WIDE = dict.fromkeys(_NARROW, "")


def of_all(query: str) -> str:
    """The query for every order."""
    return query.format(**_WIDE)


def of_one(query: str) -> str:
    """The query for the one order that its parameter `order` names."""
    return query.format(**_NARROW)
