-- Takes the units of an expired reservation again, at the prices of then; null, or the refusal.
CREATE OR REPLACE FUNCTION take_again(wanted uuid, hold interval) RETURNS jsonb LANGUAGE plpgsql AS $$
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
