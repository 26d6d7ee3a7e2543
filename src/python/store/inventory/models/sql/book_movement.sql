-- Given a quantity, it fills in the level after it; given the level that was counted (on_hand_after)
-- it fills in the quantity. The shelf is locked first, so the two always agree.
CREATE OR REPLACE FUNCTION book_movement() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    level bigint;
BEGIN
    SELECT on_hand INTO level FROM stock
    WHERE sku = NEW.sku AND warehouse = NEW.warehouse FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        INSERT INTO stock (sku, warehouse) VALUES (NEW.sku, NEW.warehouse) ON CONFLICT DO NOTHING;
        SELECT on_hand INTO STRICT level FROM stock
        WHERE sku = NEW.sku AND warehouse = NEW.warehouse FOR NO KEY UPDATE;
    END IF;
    -- The unique index says so too, but ON CONFLICT DO NOTHING would drop the line and keep what
    -- this trigger did to the level.
    IF EXISTS (
        SELECT FROM stock_movements
        WHERE reference = NEW.reference AND sku = NEW.sku
            AND warehouse = NEW.warehouse AND kind = NEW.kind
    ) THEN
        RAISE unique_violation USING
            MESSAGE = 'this reference is booked already', CONSTRAINT = 'a_reference_is_booked_once';
    END IF;
    -- Named after the lock is ours: so the ids of a shelf are in the order of its bookings.
    NEW.id := uuidv7();
    NEW.created_at := clock_timestamp();
    NEW.quantity := coalesce(NEW.quantity, NEW.on_hand_after - level);
    NEW.on_hand_after := level + NEW.quantity;
    UPDATE stock SET
        on_hand = NEW.on_hand_after,
        reserved = reserved + CASE NEW.kind WHEN 'sold' THEN NEW.quantity ELSE 0 END
    WHERE sku = NEW.sku AND warehouse = NEW.warehouse;
    RETURN NEW;
END $$;
