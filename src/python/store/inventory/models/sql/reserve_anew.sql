-- Reserves for an order so far unknown, at the prices of now; null, or the refusal.
CREATE OR REPLACE FUNCTION reserve_anew(
    wanted uuid, wanted_currency text, skus text[], quantities integer[], hold interval
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    names text[]; prices bigint[]; refusal jsonb; total bigint;
BEGIN
    SELECT array_agg(offer.name ORDER BY place), array_agg(unit_price ORDER BY place),
        sum(unit_price * quantities[place]),
        jsonb_agg(jsonb_build_object(
            'refused', CASE WHEN known THEN 'not_for_sale' ELSE 'unknown_sku' END,
            'sku', offer.sku
        ) ORDER BY place) FILTER (WHERE unit_price IS NULL) -> 0
    INTO names, prices, total, refusal
    FROM offers(skus, wanted_currency) offer;
    refusal := coalesce(refusal, shortage(skus, quantities));
    IF refusal IS NULL THEN
        INSERT INTO reservations (order_id, state, currency, total, expires_at)
        VALUES (wanted, 'held', wanted_currency, total, now() + hold);
        PERFORM hold_lines(wanted, skus, quantities, names, prices);
    END IF;
    RETURN refusal;
END $$;
