-- Whether this is another order than the one that is reserved: other units, or another currency.
CREATE OR REPLACE FUNCTION differs(wanted uuid, wanted_currency text, skus text[], quantities integer[])
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM (SELECT sku, quantity FROM ordered_lines WHERE order_id = wanted) kept
        FULL JOIN unnest(skus, quantities) AS now (sku, quantity) USING (sku)
        WHERE kept.quantity IS DISTINCT FROM now.quantity
    ) OR EXISTS (
        SELECT FROM reservations WHERE order_id = wanted AND currency <> wanted_currency
    )
$$;
