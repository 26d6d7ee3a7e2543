"""Since when an order has been in its state: one may come back to pending after long at a bank."""

from typing import Any


def up(migrator: Any, db: Any) -> None:
    db.execute_sql("""
        -- Orders from before begin anew: how long they have been there is not known.
        ALTER TABLE orders ADD COLUMN state_since timestamptz NOT NULL DEFAULT now();
        CREATE FUNCTION note_order_state() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.state_since = now();
            RETURN NEW;
        END $$;
        CREATE TRIGGER orders_state_since BEFORE UPDATE ON orders FOR EACH ROW
            WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION note_order_state();
    """)
