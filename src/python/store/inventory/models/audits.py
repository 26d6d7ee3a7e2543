"""What must always be true of stock, as queries that find no row while it is.

The triggers of the migrations keep it so; these are for whoever wants to see it proven.
"""

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
