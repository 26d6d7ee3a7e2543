-- A line that is written reserves its units.
CREATE OR REPLACE FUNCTION reserve_new_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM new_lines JOIN reservations USING (order_id) WHERE state <> 'held'
    ) THEN
        RAISE restrict_violation USING MESSAGE = 'only a held reservation takes lines';
    END IF;
    UPDATE stock SET reserved = stock.reserved + line.quantity
    FROM (
        SELECT sku, warehouse, sum(quantity) AS quantity FROM new_lines GROUP BY sku, warehouse
    ) line
    WHERE stock.sku = line.sku AND stock.warehouse = line.warehouse;
    RETURN NULL;
END $$;
