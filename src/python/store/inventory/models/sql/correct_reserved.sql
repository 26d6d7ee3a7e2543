-- A correction is a row in stock_corrections: it makes what a shelf has reserved the sum of the lines
-- that are held there, and keeps what it was. So levels still change by triggers alone.
--
-- The shelf is locked first. Whoever changes its lines at this moment then either has changed the
-- level already, and is seen whole, or waits for us, and counts on from what we leave.
CREATE OR REPLACE FUNCTION correct_reserved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT reserved INTO STRICT NEW.reserved_before FROM stock
    WHERE sku = NEW.sku AND warehouse = NEW.warehouse FOR NO KEY UPDATE;
    SELECT coalesce(sum(quantity), 0) INTO NEW.reserved_after
    FROM reservation_lines JOIN reservations USING (order_id)
    WHERE state = 'held' AND sku = NEW.sku AND warehouse = NEW.warehouse;
    UPDATE stock SET reserved = NEW.reserved_after
    WHERE sku = NEW.sku AND warehouse = NEW.warehouse;
    RETURN NEW;
END $$;
