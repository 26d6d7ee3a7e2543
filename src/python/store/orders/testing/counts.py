"""The audit of the counters: what this process has counted is what was written to the database.

The tests' processes are one, so its counters are those of all processes together.
"""

from collections import Counter

from store.orders.metrics import CAPTURED, ORDERS, PAYMENTS, REFUNDED, SECONDS_TO_CONFIRM
from store.orders.models.tables import database

Counts = Counter[tuple[str, ...]]

_COUNTERS = (ORDERS, PAYMENTS, CAPTURED, REFUNDED, SECONDS_TO_CONFIRM)
_NAMES = {
    "orders_total": "orders",
    "order_payments_total": "payments",
    "orders_captured_minor_units_total": "captured",
    "orders_refunded_minor_units_total": "refunded",
    "order_seconds_to_confirm_count": "confirmed",
}
# What has happened is an event, written with its facts; what is counted follows from these.
_WRITTEN = """
WITH happened AS (
    SELECT e.type, e.data, o.currency, substr(e.type, 7) AS state, coalesce(o.reason, '') AS reason
    FROM order_events e JOIN orders o ON o.id = e.order_id
), paid AS (
    SELECT p.*, o.reason, p.decline_code IS NOT NULL
        OR o.reason IS NOT DISTINCT FROM 'payment_declined' AS declined
    FROM payments p JOIN orders o ON o.id = p.order_id
)
SELECT ARRAY['orders', 'pending', ''] AS what, count(*) AS n FROM happened WHERE type = 'order.placed'
UNION ALL SELECT ARRAY['orders', state, ''], count(*) FROM happened WHERE type IN
    ('order.awaiting_payment', 'order.confirmed', 'order.shipped', 'order.delivered',
    'order.refunded') GROUP BY state
UNION ALL SELECT ARRAY['orders', state, reason], count(*) FROM happened
    WHERE type IN ('order.rejected', 'order.cancelled') GROUP BY state, reason
UNION ALL SELECT ARRAY['confirmed'], count(*) FROM happened WHERE type = 'order.confirmed'
UNION ALL SELECT ARRAY['captured', currency], sum(captured) FROM paid GROUP BY currency
UNION ALL SELECT ARRAY['refunded', currency], sum((data ->> 'amount')::bigint) FROM happened
    WHERE type = 'refund.succeeded' GROUP BY currency
UNION ALL SELECT ARRAY['payments', 'succeeded', ''], count(*) FROM paid WHERE captured > 0
UNION ALL SELECT ARRAY['payments', 'canceled', ''], count(*) FROM paid
    WHERE captured = 0 AND status = 'canceled' AND NOT declined
UNION ALL SELECT ARRAY['payments', 'declined', coalesce(decline_code, 'other')], count(*) FROM paid
    WHERE captured = 0 AND status = 'canceled' AND declined GROUP BY decline_code
"""


def written() -> Counts:
    """What the database says has happened so far to its orders."""
    return Counter({tuple(row["what"]): int(row["n"]) for row in database.rows(_WRITTEN)})


def counted() -> Counts:
    """What this process has counted so far."""
    samples = [s for each in _COUNTERS for family in each.collect() for s in family.samples]
    return Counter(
        {
            (_NAMES[sample.name], *sample.labels.values()): int(sample.value)
            for sample in samples
            if sample.name in _NAMES
        }
    )
