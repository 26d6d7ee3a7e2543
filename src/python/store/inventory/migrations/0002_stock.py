"""Warehouses, levels, and the ledger that alone may change a level.

The functions are those of then; models/sql has what they are today.
"""

from typing import Any

TABLES = """
CREATE TABLE warehouses (
    code text PRIMARY KEY CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$'),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Half-empty pages keep an update on the page it came from, so a hot shelf does not grow an index.
CREATE TABLE stock (
    sku text NOT NULL REFERENCES variants (sku),
    warehouse text NOT NULL REFERENCES warehouses (code),
    on_hand bigint NOT NULL DEFAULT 0,
    reserved bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (sku, warehouse),
    CONSTRAINT reserved_units_are_on_hand CHECK (on_hand >= reserved AND reserved >= 0)
) WITH (fillfactor = 50);

CREATE TABLE stock_movements (
    id uuid PRIMARY KEY,
    sku text NOT NULL,
    warehouse text NOT NULL,
    kind text NOT NULL CHECK (
        kind IN ('received', 'adjusted', 'counted', 'damaged', 'sold', 'returned')
    ),
    quantity bigint NOT NULL,
    on_hand_after bigint NOT NULL CHECK (on_hand_after >= 0),
    reason text NOT NULL DEFAULT '',
    reference text NOT NULL CHECK (length(reference) BETWEEN 1 AND 200),
    actor text NOT NULL CHECK (length(actor) BETWEEN 1 AND 100),
    created_at timestamptz NOT NULL,
    FOREIGN KEY (sku, warehouse) REFERENCES stock (sku, warehouse),
    CONSTRAINT a_kind_moves_one_way CHECK (
        CASE
            WHEN kind IN ('received', 'returned') THEN quantity > 0
            WHEN kind IN ('sold', 'damaged') THEN quantity < 0
            WHEN kind = 'adjusted' THEN quantity <> 0
            ELSE true
        END
    ),
    CONSTRAINT a_reference_is_booked_once UNIQUE (reference, sku, warehouse, kind)
);

CREATE INDEX stock_movements_of_a_shelf ON stock_movements (sku, warehouse, id);
CREATE INDEX stock_movements_of_a_warehouse ON stock_movements (warehouse, id);
CREATE INDEX stock_movements_of_a_kind ON stock_movements (kind, id);
"""

# Given a quantity, the trigger fills in the level after it; given the level that was counted
# (on_hand_after) it fills in the quantity. The shelf is locked first, so the two always agree.
BOOKING = """
CREATE FUNCTION book_movement() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE TRIGGER book_movement BEFORE INSERT ON stock_movements
    FOR EACH ROW EXECUTE FUNCTION book_movement();
"""

GUARDS = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE restrict_violation USING MESSAGE = TG_ARGV[0];
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON stock_movements
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('the ledger is append-only: book a movement against it');

CREATE TRIGGER sold_through_reservations BEFORE INSERT ON stock_movements
    FOR EACH ROW WHEN (NEW.kind IN ('sold', 'returned') AND pg_trigger_depth() = 0)
    EXECUTE FUNCTION refuse('units are sold and returned by moving a reservation');

CREATE TRIGGER written_by_triggers BEFORE INSERT OR UPDATE OR DELETE ON stock
    FOR EACH ROW WHEN (pg_trigger_depth() = 0)
    EXECUTE FUNCTION refuse('levels follow stock_movements and reservation_lines: write there');
"""


def up(migrator: Any, db: Any) -> None:
    db.execute_sql(TABLES)
    db.execute_sql(BOOKING)
    db.execute_sql(GUARDS)
