"""Reservations: a small state machine that keeps the levels right by itself.

    held -> committed -> released        held -> released
    held -> expired -> held              expired -> released

Moving a reservation's state is all it takes: the triggers below reserve, sell and give back the
units of its lines, so neither code nor a hand-typed UPDATE can bring levels and reservations apart.

The functions are those of then; models/sql has what they are today.
"""

from typing import Any

TABLES = """
CREATE TABLE reservations (
    order_id uuid PRIMARY KEY,
    state text NOT NULL CHECK (state IN ('held', 'committed', 'released', 'expired')),
    currency text CHECK (currency ~ '^[A-Z]{3}$'),
    total bigint CHECK (total >= 0),
    expires_at timestamptz,
    reason text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    -- One that was released before it was ever made has nothing to say but that.
    CONSTRAINT only_a_tombstone_is_empty CHECK (
        state = 'released' OR (currency IS NOT NULL AND total IS NOT NULL AND expires_at IS NOT NULL)
    )
);

CREATE INDEX reservations_by_expiry ON reservations (expires_at) WHERE state = 'held';

-- A line that no single warehouse could serve has a row for each that takes part.
CREATE TABLE reservation_lines (
    order_id uuid NOT NULL REFERENCES reservations (order_id),
    position smallint NOT NULL CHECK (position BETWEEN 1 AND 100),
    sku text NOT NULL,
    warehouse text NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    unit_price bigint NOT NULL CHECK (unit_price >= 0),
    name text NOT NULL,
    PRIMARY KEY (order_id, sku, warehouse),
    FOREIGN KEY (sku, warehouse) REFERENCES stock (sku, warehouse)
);
"""

TRANSITIONS = """
CREATE FUNCTION guard_reservation() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE TRIGGER guard_reservation BEFORE INSERT OR UPDATE ON reservations
    FOR EACH ROW EXECUTE FUNCTION guard_reservation();

CREATE TRIGGER kept_for_good BEFORE DELETE OR TRUNCATE ON reservations
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('reservations are kept: release it instead');
"""

# The order of the lines is the order of locks everywhere: by SKU, then warehouse.
EFFECTS = """
CREATE FUNCTION move_reserved_units() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = 'committed' OR OLD.state = 'committed' THEN
        INSERT INTO stock_movements (sku, warehouse, kind, quantity, reason, reference, actor)
        SELECT sku, warehouse,
            CASE NEW.state WHEN 'committed' THEN 'sold' ELSE 'returned' END,
            CASE NEW.state WHEN 'committed' THEN -quantity ELSE quantity END,
            NEW.reason, NEW.order_id::text, 'reservation'
        FROM reservation_lines WHERE order_id = NEW.order_id ORDER BY sku, warehouse;
    ELSIF OLD.state = 'held' THEN
        UPDATE stock SET reserved = stock.reserved - line.quantity
        FROM reservation_lines line
        WHERE line.order_id = NEW.order_id
            AND stock.sku = line.sku AND stock.warehouse = line.warehouse;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER move_reserved_units AFTER UPDATE ON reservations
    FOR EACH ROW EXECUTE FUNCTION move_reserved_units();

CREATE FUNCTION reserve_new_lines() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE TRIGGER reserve_new_lines AFTER INSERT ON reservation_lines
    REFERENCING NEW TABLE AS new_lines FOR EACH STATEMENT EXECUTE FUNCTION reserve_new_lines();

CREATE FUNCTION guard_old_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM reservations WHERE order_id = OLD.order_id AND state <> 'expired'
    ) THEN
        RAISE restrict_violation USING MESSAGE = 'only an expired reservation gives up its lines';
    END IF;
    RETURN OLD;
END $$;

CREATE TRIGGER guard_old_lines BEFORE DELETE ON reservation_lines
    FOR EACH ROW EXECUTE FUNCTION guard_old_lines();

CREATE TRIGGER written_once BEFORE UPDATE OR TRUNCATE ON reservation_lines
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('the lines of a reservation do not change');
"""


def up(migrator: Any, db: Any) -> None:
    db.execute_sql(TABLES)
    db.execute_sql(TRANSITIONS)
    db.execute_sql(EFFECTS)
