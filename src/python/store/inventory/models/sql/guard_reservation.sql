-- held -> committed -> released        held -> released
-- held -> expired -> held              expired -> released
CREATE OR REPLACE FUNCTION guard_reservation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state NOT IN ('held', 'released') THEN
            RAISE restrict_violation USING MESSAGE = 'a reservation starts held, or released';
        END IF;
    ELSIF (OLD.state || '>' || NEW.state) NOT IN (
        'held>committed', 'held>released', 'held>expired',
        'expired>held', 'expired>released', 'committed>released'
    ) THEN
        RAISE restrict_violation USING
            MESSAGE = 'a reservation does not move from ' || OLD.state || ' to ' || NEW.state;
    ELSIF (OLD.order_id, OLD.currency, OLD.total) IS DISTINCT FROM
          (NEW.order_id, NEW.currency, NEW.total) THEN
        RAISE restrict_violation USING MESSAGE = 'what a reservation is for does not change';
    END IF;
    NEW.updated_at := now();
    RETURN NEW;
END $$;
