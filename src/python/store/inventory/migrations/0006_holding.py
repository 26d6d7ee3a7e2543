"""The lines of an order as they were asked for. The functions of then are in models/sql today."""

from typing import Any

ORDERED_LINES = """
-- From whatever warehouses they come.
CREATE VIEW ordered_lines AS
SELECT order_id, position, sku, name, unit_price, sum(quantity)::integer AS quantity
FROM reservation_lines GROUP BY order_id, position, sku, name, unit_price;
"""


def up(migrator: Any, db: Any) -> None:
    db.execute_sql(ORDERED_LINES)
