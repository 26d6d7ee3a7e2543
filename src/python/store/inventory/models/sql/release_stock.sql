-- Gives back what an order holds or has bought. An order unknown so far is marked, so that a reserve
-- that arrives late finds it released.
CREATE OR REPLACE FUNCTION release_stock(wanted uuid, why text) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reservations (order_id, state, reason) VALUES (wanted, 'released', why)
    ON CONFLICT DO NOTHING;
    UPDATE reservations SET state = 'released', reason = why
    WHERE order_id = wanted AND state <> 'released';
    RETURN reservation_as_json(wanted);
END $$;
