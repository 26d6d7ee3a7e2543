-- Sells what an order holds. An expired hold is taken again, if the units are still there.
CREATE OR REPLACE FUNCTION commit_stock(wanted uuid, hold interval) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    known_state text; refusal jsonb;
BEGIN
    SELECT state INTO known_state FROM reservations WHERE order_id = wanted;
    IF known_state IS NULL THEN
        refusal := '{"refused": "unknown_reservation"}';
    ELSIF known_state = 'released' THEN
        refusal := '{"refused": "reservation_released"}';
    ELSIF known_state = 'expired' THEN
        refusal := take_again(wanted, hold);
    END IF;
    IF refusal IS NULL THEN
        UPDATE reservations SET state = 'committed' WHERE order_id = wanted AND state = 'held';
    END IF;
    RETURN coalesce(refusal, reservation_as_json(wanted));
END $$;
