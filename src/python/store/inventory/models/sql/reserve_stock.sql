-- Holds units for an order for so long. Repeating it answers what the first has done.
CREATE OR REPLACE FUNCTION reserve_stock(
    wanted uuid, wanted_currency text, skus text[], quantities integer[], hold interval
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    known_state text; refusal jsonb;
BEGIN
    SELECT state INTO known_state FROM reservations WHERE order_id = wanted;
    IF known_state IS NULL THEN
        refusal := reserve_anew(wanted, wanted_currency, skus, quantities, hold);
    ELSIF known_state = 'released' THEN
        refusal := '{"refused": "reservation_released"}';
    ELSIF differs(wanted, wanted_currency, skus, quantities) THEN
        refusal := '{"refused": "reservation_differs"}';
    ELSIF known_state = 'expired' THEN
        refusal := take_again(wanted, hold);
    END IF;
    RETURN coalesce(refusal, reservation_as_json(wanted));
END $$;
