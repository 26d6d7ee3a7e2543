-- The lines of an expired reservation are written anew when its units are taken again.
CREATE OR REPLACE FUNCTION guard_old_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM reservations WHERE order_id = OLD.order_id AND state <> 'expired'
    ) THEN
        RAISE restrict_violation USING MESSAGE = 'only an expired reservation gives up its lines';
    END IF;
    RETURN OLD;
END $$;
