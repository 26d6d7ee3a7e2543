-- A reservation with its lines as they were asked for; one past its time reads as expired.
CREATE OR REPLACE FUNCTION reservation_as_json(wanted uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
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
