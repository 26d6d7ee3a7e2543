-- Gives back holds past their time, oldest first; leaves alone what another caller has in hand.
CREATE OR REPLACE FUNCTION sweep_overdue(how_many integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    orders uuid[] := ARRAY(
        SELECT order_id FROM (
            SELECT order_id FROM reservations
            WHERE state = 'held' AND expires_at <= now() ORDER BY expires_at LIMIT how_many
        ) due WHERE pg_try_advisory_xact_lock(order_key(order_id))
    );
BEGIN
    PERFORM lock_shelves(orders, '{}');
    RETURN expire_overdue(orders);
END $$;
