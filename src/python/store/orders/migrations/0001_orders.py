"""Orders with their lines, and the events that are timeline, audit and outbox in one."""

from typing import Any


def up(migrator: Any, db: Any) -> None:
    db.execute_sql("""
        CREATE TABLE orders (
            id uuid PRIMARY KEY,
            buyer_id uuid NOT NULL,
            state text NOT NULL CHECK (state IN ('pending', 'awaiting_payment', 'confirmed',
                'rejected', 'cancelled', 'shipped', 'delivered', 'refunded')),
            currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
            total bigint CHECK (total >= 0),
            payment_method text NOT NULL,
            shipping_address jsonb NOT NULL,

            step text CHECK (step IN ('reserve', 'authorise', 'await_buyer', 'commit', 'capture',
                'void', 'repay', 'release')),
            ending text CHECK (ending IN ('rejected', 'cancelled')),
            reason text,
            cancel_requested_at timestamptz,
            cancel_requested_by uuid,
            attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
            next_attempt_at timestamptz NOT NULL DEFAULT now(),
            lease uuid,
            leased_until timestamptz,
            version integer NOT NULL DEFAULT 1,

            expires_at timestamptz NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now(),

            CHECK ((ending IS NULL) = (reason IS NULL)),
            CHECK ((lease IS NULL) = (leased_until IS NULL)),
            CHECK (lease IS NULL OR step IS NOT NULL),
            CHECK ((cancel_requested_at IS NULL) = (cancel_requested_by IS NULL)),
            -- Nobody forgets an order: while it is on its way there is a next step.
            CHECK (state NOT IN ('pending', 'awaiting_payment') OR step IS NOT NULL),
            -- What has ended is at rest, unless a bank has sent the buyer's refund back to us.
            CHECK (state NOT IN ('rejected', 'cancelled')
                OR (state = ending AND (step IS NULL OR step = 'repay'))),
            CHECK (state IN ('pending', 'awaiting_payment', 'rejected', 'cancelled')
                OR total IS NOT NULL),
            CHECK (ending IS DISTINCT FROM 'rejected' OR reason IN ('out_of_stock',
                'payment_declined', 'price_changed', 'expired', 'unknown_sku', 'not_for_sale'))
        );
        CREATE INDEX orders_due ON orders (next_attempt_at) WHERE step IS NOT NULL;
        CREATE INDEX orders_pending ON orders (created_at)
            WHERE state IN ('pending', 'awaiting_payment');
        CREATE INDEX orders_of_buyer ON orders (buyer_id, id);
        CREATE INDEX orders_in_state ON orders (state, id);

        CREATE TABLE order_lines (
            order_id uuid NOT NULL REFERENCES orders,
            position integer NOT NULL CHECK (position >= 0),
            sku text NOT NULL CHECK (sku <> ''),
            quantity integer NOT NULL CHECK (quantity > 0),
            expected_price bigint CHECK (expected_price >= 0),
            name text,
            unit_price bigint CHECK (unit_price >= 0),
            PRIMARY KEY (order_id, position),
            UNIQUE (order_id, sku),
            CHECK ((name IS NULL) = (unit_price IS NULL))
        );

        CREATE TABLE order_events (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            order_id uuid NOT NULL REFERENCES orders,
            number integer NOT NULL CHECK (number > 0),
            type text NOT NULL CHECK (type ~ '^[a-z]+[.][a-z_]+$'),
            data jsonb NOT NULL DEFAULT '{}',
            created_at timestamptz NOT NULL DEFAULT now(),
            UNIQUE (order_id, number)
        );
    """)
    db.execute_sql("""
        CREATE FUNCTION refuse_order_move() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                IF NEW.state <> 'pending' THEN
                    RAISE 'an order begins as pending, not %', NEW.state
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
            END IF;
            IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
                ('pending', 'confirmed'), ('pending', 'rejected'), ('pending', 'cancelled'),
                ('pending', 'awaiting_payment'), ('awaiting_payment', 'pending'),
                ('awaiting_payment', 'cancelled'), ('confirmed', 'cancelled'),
                ('confirmed', 'shipped'), ('shipped', 'delivered'), ('confirmed', 'refunded'),
                ('shipped', 'refunded'), ('delivered', 'refunded'))
            THEN
                RAISE 'order % cannot move from % to %', OLD.id, OLD.state, NEW.state
                    USING ERRCODE = 'check_violation';
            END IF;
            IF (NEW.id, NEW.buyer_id, NEW.currency, NEW.payment_method, NEW.created_at)
                IS DISTINCT FROM
                (OLD.id, OLD.buyer_id, OLD.currency, OLD.payment_method, OLD.created_at)
                OR (OLD.total IS NOT NULL AND NEW.total IS DISTINCT FROM OLD.total)
                OR (OLD.ending IS NOT NULL AND (NEW.ending, NEW.reason) IS DISTINCT FROM
                    (OLD.ending, OLD.reason))
            THEN
                RAISE 'order %: what was agreed cannot change', OLD.id
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER orders_move BEFORE INSERT OR UPDATE ON orders
            FOR EACH ROW EXECUTE FUNCTION refuse_order_move();

        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE '% is append-only', TG_TABLE_NAME USING ERRCODE = 'check_violation';
        END $$;
        CREATE TRIGGER order_events_stay BEFORE UPDATE OR DELETE ON order_events
            FOR EACH ROW EXECUTE FUNCTION refuse_change();
        CREATE TRIGGER order_events_stay_all BEFORE TRUNCATE ON order_events
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
        CREATE TRIGGER orders_stay BEFORE DELETE ON orders
            FOR EACH ROW EXECUTE FUNCTION refuse_change();
    """)
