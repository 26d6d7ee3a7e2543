"""Offers, and units held for an order: what reserving is made of."""

from typing import Any

READING = """
-- The lines as they were asked for, from whatever warehouses they come.
CREATE VIEW ordered_lines AS
SELECT order_id, position, sku, name, unit_price, sum(quantity)::integer AS quantity
FROM reservation_lines GROUP BY order_id, position, sku, name, unit_price;

CREATE FUNCTION offers(wanted_skus text[], wanted_currency text)
RETURNS TABLE (place bigint, sku text, known boolean, name text, unit_price bigint)
LANGUAGE sql STABLE AS $$
    SELECT wanted.place, wanted.sku, variant.sku IS NOT NULL,
        concat_ws(' – ', product.title, nullif(variant.name, '')),
        CASE WHEN product.status = 'active' AND variant.status = 'active' THEN price.amount END
    FROM unnest(wanted_skus) WITH ORDINALITY AS wanted (sku, place)
    LEFT JOIN variants variant ON variant.sku = wanted.sku
    LEFT JOIN products product ON product.id = variant.product_id
    LEFT JOIN current_prices price
        ON price.sku = wanted.sku AND price.currency = wanted_currency
    ORDER BY wanted.place
$$;

CREATE FUNCTION reservation_as_json(wanted uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'order_id', order_id, 'currency', currency, 'total', total, 'expires_at', expires_at,
        'state', CASE WHEN state = 'held' AND expires_at <= now() THEN 'expired' ELSE state END,
        'lines', coalesce((
            SELECT jsonb_agg(jsonb_build_object(
                'sku', sku, 'name', name, 'quantity', quantity, 'unit_price', unit_price
            ) ORDER BY position)
            FROM ordered_lines WHERE order_id = wanted
        ), '[]')
    )
    FROM reservations WHERE order_id = wanted
$$;
"""

# Allocation: the fullest warehouse first, ties by code. So a line comes from one warehouse when
# any can serve it whole, and else from as few as possible.
HOLDING = """
CREATE FUNCTION shortage(skus text[], quantities integer[]) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'refused', 'out_of_stock', 'sku', wanted.sku,
        'left', coalesce(sum(shelf.on_hand - shelf.reserved), 0),
        'overdue', EXISTS (
            SELECT FROM reservations overdue JOIN reservation_lines line USING (order_id)
            WHERE overdue.state = 'held' AND overdue.expires_at <= now() AND line.sku = wanted.sku
        )
    )
    FROM unnest(skus, quantities) WITH ORDINALITY AS wanted (sku, quantity, place)
    LEFT JOIN stock shelf ON shelf.sku = wanted.sku
    GROUP BY wanted.place, wanted.sku, wanted.quantity
    HAVING coalesce(sum(shelf.on_hand - shelf.reserved), 0) < wanted.quantity
    ORDER BY wanted.place LIMIT 1
$$;

CREATE FUNCTION hold_lines(
    wanted uuid, skus text[], quantities integer[], names text[], prices bigint[]
) RETURNS void LANGUAGE sql AS $$
    INSERT INTO reservation_lines
        (order_id, position, sku, warehouse, quantity, unit_price, name)
    SELECT wanted, place, sku, warehouse, least(available, quantity - before), price, name
    FROM (
        SELECT line.*, shelf.warehouse, shelf.on_hand - shelf.reserved AS available,
            sum(shelf.on_hand - shelf.reserved) OVER fullest_first
                - (shelf.on_hand - shelf.reserved) AS before
        FROM unnest(skus, quantities, names, prices)
            WITH ORDINALITY AS line (sku, quantity, name, price, place)
        JOIN stock shelf ON shelf.sku = line.sku AND shelf.on_hand > shelf.reserved
        WINDOW fullest_first AS (
            PARTITION BY line.sku
            ORDER BY shelf.on_hand - shelf.reserved DESC, shelf.warehouse
        )
    ) allocation
    WHERE before < quantity
    ORDER BY sku, warehouse
$$;

CREATE FUNCTION take_again(wanted uuid, hold interval) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    skus text[]; quantities integer[]; names text[]; prices bigint[]; refusal jsonb;
BEGIN
    SELECT array_agg(sku ORDER BY position), array_agg(quantity ORDER BY position),
        array_agg(name ORDER BY position), array_agg(unit_price ORDER BY position)
    INTO skus, quantities, names, prices
    FROM ordered_lines WHERE order_id = wanted;
    refusal := shortage(skus, quantities);
    IF refusal IS NULL THEN
        DELETE FROM reservation_lines WHERE order_id = wanted;
        UPDATE reservations SET state = 'held', expires_at = now() + hold WHERE order_id = wanted;
        PERFORM hold_lines(wanted, skus, quantities, names, prices);
    END IF;
    RETURN refusal;
END $$;
"""


def up(migrator: Any, db: Any) -> None:
    db.execute_sql(READING)
    db.execute_sql(HOLDING)
