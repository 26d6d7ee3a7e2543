"""What is really left, per shelf and per SKU."""

from typing import Any

# A hold past its time counts as expired at once, also before the sweep has written so.
SHELVES = """
CREATE VIEW shelves AS
SELECT stock.sku, stock.warehouse, stock.on_hand,
    stock.reserved - coalesce(overdue.quantity, 0)::bigint AS reserved,
    stock.on_hand - stock.reserved + coalesce(overdue.quantity, 0)::bigint AS available
FROM stock LEFT JOIN (
    SELECT line.sku, line.warehouse, sum(line.quantity) AS quantity
    FROM reservations JOIN reservation_lines line USING (order_id)
    WHERE reservations.state = 'held' AND reservations.expires_at <= now()
    GROUP BY line.sku, line.warehouse
) overdue USING (sku, warehouse);

CREATE VIEW availability AS
SELECT sku, sum(available)::bigint AS available FROM shelves GROUP BY sku;
"""


def up(migrator: Any, db: Any) -> None:
    db.execute_sql(SHELVES)
