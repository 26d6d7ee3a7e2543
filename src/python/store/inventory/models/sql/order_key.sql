-- The number under which an order is locked: it may have no row to lock as yet.
CREATE OR REPLACE FUNCTION order_key(order_id uuid) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT hashtextextended(order_id::text, 0)
$$;
