"""Payments, refunds and shipments, and what the database itself refuses about money."""

from typing import Any


def up(migrator: Any, db: Any) -> None:
    db.execute_sql("""
        CREATE TABLE payments (
            order_id uuid PRIMARY KEY REFERENCES orders,
            amount bigint NOT NULL CHECK (amount >= 0),
            currency text NOT NULL,
            status text NOT NULL CHECK (status IN ('asked', 'requires_payment_method',
                'requires_confirmation', 'requires_action', 'processing', 'requires_capture',
                'canceled', 'succeeded')),
            intent_id text UNIQUE,
            authorised bigint NOT NULL DEFAULT 0,
            captured bigint NOT NULL DEFAULT 0,
            next_action text,
            decline_code text,
            asked_at timestamptz NOT NULL DEFAULT now(),
            CHECK (authorised IN (0, amount)),
            CHECK (captured IN (0, amount)),
            CHECK (captured <= authorised),
            CHECK (captured = 0 OR status = 'succeeded')
        );

        CREATE TABLE refunds (
            id uuid PRIMARY KEY,
            order_id uuid NOT NULL REFERENCES payments,
            amount bigint NOT NULL CHECK (amount > 0),
            reason text NOT NULL,
            state text NOT NULL CHECK (state IN ('pending', 'succeeded', 'failed')),
            gateway_id text UNIQUE,
            failure text,
            requested_by uuid NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            CHECK (state <> 'succeeded' OR gateway_id IS NOT NULL)
        );
        CREATE INDEX refunds_of_order ON refunds (order_id, id);

        CREATE TABLE shipments (
            id uuid PRIMARY KEY,
            order_id uuid NOT NULL UNIQUE REFERENCES orders,
            carrier text NOT NULL,
            tracking_number text NOT NULL,
            shipped_by uuid NOT NULL,
            shipped_at timestamptz NOT NULL DEFAULT now(),
            delivered_at timestamptz,
            CHECK (delivered_at >= shipped_at)
        );

        -- What the gateway told us by webhook, by its own id: a duplicate finds its place taken.
        CREATE TABLE gateway_events (
            id text PRIMARY KEY,
            type text NOT NULL,
            object_id text NOT NULL,
            order_id uuid,
            received_at timestamptz NOT NULL DEFAULT now()
        );
        CREATE INDEX gateway_events_received_at ON gateway_events (received_at);
    """)
    db.execute_sql("""
        CREATE FUNCTION refuse_payment_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF (NEW.order_id, NEW.amount, NEW.currency) IS DISTINCT FROM
                (OLD.order_id, OLD.amount, OLD.currency)
                OR (OLD.intent_id IS NOT NULL AND NEW.intent_id IS DISTINCT FROM OLD.intent_id)
                OR (OLD.captured > 0 AND NEW.captured <> OLD.captured)
            THEN
                RAISE 'payment of order %: captured once, for one amount, from one intent',
                    OLD.order_id USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER payments_once BEFORE UPDATE ON payments
            FOR EACH ROW EXECUTE FUNCTION refuse_payment_change();
        CREATE TRIGGER payments_stay BEFORE DELETE ON payments
            FOR EACH ROW EXECUTE FUNCTION refuse_change();

        CREATE FUNCTION refuse_refund() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            paid bigint;
            given_back bigint;
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                IF (NEW.id, NEW.order_id, NEW.amount) IS DISTINCT FROM
                    (OLD.id, OLD.order_id, OLD.amount)
                    OR (OLD.state, NEW.state) IN (('succeeded', 'pending'), ('failed', 'pending'),
                        ('failed', 'succeeded'))
                THEN
                    RAISE 'refund %: its amount stays, and it only ends once', OLD.id
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
            END IF;
            -- The lock lets refunds of one order in one by one, so that each sees the others' sum.
            SELECT captured INTO paid FROM payments WHERE order_id = NEW.order_id FOR UPDATE;
            SELECT coalesce(sum(amount), 0) INTO given_back FROM refunds
                WHERE order_id = NEW.order_id AND state <> 'failed';
            IF given_back + NEW.amount > paid THEN
                RAISE 'order %: refunds of % exceed the % captured', NEW.order_id,
                    given_back + NEW.amount, paid
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'refunds_within_capture';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER refunds_within_capture BEFORE INSERT OR UPDATE ON refunds
            FOR EACH ROW EXECUTE FUNCTION refuse_refund();
        CREATE TRIGGER refunds_stay BEFORE DELETE ON refunds
            FOR EACH ROW EXECUTE FUNCTION refuse_change();

        -- Looked at when the transaction commits, so that order and payment may move in any order.
        CREATE FUNCTION refuse_unsettled_order() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            paid bigint;
            held bigint;
            given_back bigint;
        BEGIN
            SELECT captured, CASE status WHEN 'canceled' THEN 0 ELSE authorised - captured END
                INTO paid, held FROM payments WHERE order_id = NEW.id;
            SELECT coalesce(sum(amount), 0) INTO given_back FROM refunds
                WHERE order_id = NEW.id AND state = 'succeeded';
            IF NEW.state = 'confirmed' AND paid IS DISTINCT FROM NEW.total THEN
                RAISE 'order % cannot be confirmed: % of % captured', NEW.id, paid, NEW.total
                    USING ERRCODE = 'check_violation';
            ELSIF NEW.state IN ('rejected', 'cancelled', 'refunded')
                AND (held > 0 OR paid > given_back)
            THEN
                RAISE 'order % cannot be %: it still holds money', NEW.id, NEW.state
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER orders_settled AFTER UPDATE OF state ON orders
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
            WHEN (NEW.state <> OLD.state
                AND NEW.state IN ('confirmed', 'rejected', 'cancelled', 'refunded'))
            EXECUTE FUNCTION refuse_unsettled_order();
    """)
