-- The first SKU of which too few units are left, as a refusal; null if there are enough of each.
-- "overdue" says that holds past their time sit on some.
CREATE OR REPLACE FUNCTION shortage(skus text[], quantities integer[]) RETURNS jsonb LANGUAGE sql STABLE AS $$
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
