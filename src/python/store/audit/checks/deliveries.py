"""Whether subscribers got what they were owed: every event, in time, in order.

Judged are active endpoints. What was sent anew on request (its `give_up_at` tells) counts from then
on, and may come out of order. Rows of what was delivered are forgotten after 30 days, so older
events without one were delivered; and what happened while an endpoint just began to listen may not
have seen it.
"""

from collections.abc import Iterator, Mapping

from store.audit.books.snapshots import Snapshot
from store.audit.checks.findings import MAX_FINDINGS, Tally
from store.audit.checks.proposals import PUT_DELIVERY_BACK, SEND_NOW
from store.audit.checks.tables import Search

_LATE = "now() - make_interval(secs => %(limit)s)"
_OWED = f"""
FROM webhook_endpoints w JOIN order_events e
    ON e.created_at > greatest(w.listens_since + interval '1 minute', now() - interval '29 days')
    AND e.created_at < {_LATE}
    AND (w.event_types = '{{}}'
        OR w.event_types && ARRAY[e.type, split_part(e.type, '.', 1) || '.*'])
"""
_ACTIVE = "FROM webhook_deliveries d JOIN webhook_endpoints w ON w.id = d.endpoint_id"
_SUBJECT = "concat('event ', number, ' of order ', order_id, ' for ', endpoint_id)"

SEARCHES = (
    Search(
        "every event is owed to whoever listens to it",
        "A subscriber will never hear of this event, since nobody has written down that he should.",
        "orders",
        f"SELECT count(*) {_OWED} WHERE w.state = 'active'",
        f"""
        SELECT concat('event ', e.number, ' of order ', e.order_id, ' for ', w.id),
            'a delivery', 'none', w.id::text, e.id
        {_OWED} AND w.state = 'active'
        LEFT JOIN webhook_deliveries d ON (d.endpoint_id, d.event_id) = (w.id, e.id)
        WHERE d.event_id IS NULL
        """,
        proposes=PUT_DELIVERY_BACK,
        facts=("endpoint_id", "event_id"),
    ),
    Search(
        "no event is undelivered for longer than its limit",
        "A subscriber does not know yet what happened. If sending it now does not help, he does not "
        "take it: its last answer says why.",
        "orders",
        f"SELECT count(*) {_ACTIVE} WHERE d.state <> 'dead' AND w.state = 'active'",
        f"""
        SELECT {_SUBJECT}, 'delivered within ' || %(limit)s || ' s',
            concat(d.attempts, ' attempts since ', to_char(d.since, 'YYYY-MM-DD HH24:MI:SS'),
                ' UTC, the last answered: ', coalesce(d.answer, 'nothing')),
            d.endpoint_id::text, d.event_id
        FROM (
            SELECT d.*, greatest(d.give_up_at - interval '3 days', w.updated_at) AS since
            {_ACTIVE} WHERE d.state = 'pending' AND w.state = 'active'
        ) d WHERE d.since < {_LATE}
        """,
        proposes=SEND_NOW,
        facts=("endpoint_id", "event_id"),
    ),
    Search(
        "no delivery is given up",
        "A subscriber did not take an event for three days, and will not be asked again by itself.",
        "orders",
        f"SELECT count(*) {_ACTIVE} WHERE w.state = 'active'",
        f"""
        SELECT {_SUBJECT}, 'delivered', concat('dead after ', d.attempts, ' attempts, the last '
            'answered: ', coalesce(d.answer, 'nothing'))
        {_ACTIVE} WHERE d.state = 'dead' AND w.state = 'active'
        """,
        "To send it again helps only when the subscriber is well: ask him, then "
        "POST /v1/webhook-endpoints/{id}/redeliver, or pause his endpoint.",
    ),
    Search(
        "an endpoint gets an order's events in their order",
        "A subscriber heard of a later event first, and may have concluded something wrong.",
        "orders",
        "SELECT count(DISTINCT (endpoint_id, order_id)) FROM webhook_deliveries",
        f"""
        SELECT {_SUBJECT}, 'delivered after all before it',
            concat('delivered at ', to_char(delivered_at, 'YYYY-MM-DD HH24:MI:SS.MS'), ' UTC, ',
                CASE before WHEN 'infinity' THEN 'while one before it waits'
                ELSE 'one before it at ' || to_char(before, 'YYYY-MM-DD HH24:MI:SS.MS') END)
        FROM (
            SELECT *, max(coalesce(delivered_at, 'infinity')) FILTER (
                WHERE state <> 'dead' AND give_up_at <= created_at + interval '3 days'
            ) OVER (
                PARTITION BY endpoint_id, order_id ORDER BY number
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS before FROM webhook_deliveries
        ) delivery WHERE delivered_at < before
        """,
        "What was heard cannot be unheard: tell the subscriber to read these orders anew.",
    ),
)


def check_deliveries(
    orders: Snapshot, params: Mapping[str, object], max_findings: int = MAX_FINDINGS
) -> Iterator[Tally]:
    """Every check of this file; `params` has the `limit` in seconds."""
    for search in SEARCHES:
        yield search.run(orders, params, max_findings)
