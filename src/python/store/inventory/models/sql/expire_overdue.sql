-- Gives back the holds of these orders that are past their time; how many it were.
CREATE OR REPLACE FUNCTION expire_overdue(orders uuid[]) RETURNS bigint LANGUAGE sql AS $$
    WITH expired AS (
        UPDATE reservations SET state = 'expired'
        WHERE order_id = ANY (orders) AND state = 'held' AND expires_at <= now() RETURNING 1
    ) SELECT count(*) FROM expired
$$;
