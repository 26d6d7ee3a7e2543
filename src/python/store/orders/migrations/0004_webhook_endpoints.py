"""Webhook endpoints, and for each of them the events it is owed."""

from typing import Any


def up(migrator: Any, db: Any) -> None:
    db.execute_sql("""
        CREATE TABLE webhook_endpoints (
            id uuid PRIMARY KEY,
            url text NOT NULL CHECK (url ~ '^https?://' AND length(url) <= 2048),
            description text NOT NULL DEFAULT '',
            -- None at all: every event. Else types such as order.confirmed, or groups: order.*
            event_types text[] NOT NULL DEFAULT '{}' CHECK (
                array_to_string(event_types, ' ', 'null') ~ '^([a-z]+[.]([a-z_]+|[*])( |$))*$'),
            state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused')),
            paused_reason text,

            -- Sealed. For a while after a rotation the previous one signs, too.
            sealed_secret bytea NOT NULL,
            previous_secret bytea,
            previous_until timestamptz,

            -- Attempts that have failed since the last one that was taken, whatever the event.
            failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
            failing_since timestamptz,
            rest_until timestamptz,

            -- Creation, or the last change of event_types. Orders that were just being written in
            -- that moment may not have seen it yet: judge events that are a minute younger.
            listens_since timestamptz NOT NULL DEFAULT now(),
            version integer NOT NULL DEFAULT 1,
            created_by uuid NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now(),

            CHECK (paused_reason IS NULL OR state = 'paused'),
            CHECK ((previous_secret IS NULL) = (previous_until IS NULL)),
            CHECK ((failures = 0) = (failing_since IS NULL))
        );

        CREATE TABLE webhook_deliveries (
            endpoint_id uuid NOT NULL REFERENCES webhook_endpoints ON DELETE CASCADE,
            event_id bigint NOT NULL REFERENCES order_events,
            order_id uuid NOT NULL,
            number integer NOT NULL CHECK (number > 0),
            state text NOT NULL DEFAULT 'pending'
                CHECK (state IN ('pending', 'delivered', 'dead')),
            attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
            due_at timestamptz NOT NULL DEFAULT now(),
            give_up_at timestamptz NOT NULL,
            lease uuid,
            leased_until timestamptz,
            answer text,
            delivered_at timestamptz,
            created_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (endpoint_id, event_id),
            UNIQUE (endpoint_id, order_id, number),
            CHECK ((lease IS NULL) = (leased_until IS NULL)),
            -- Nobody sends what is settled.
            CHECK (lease IS NULL OR state = 'pending'),
            CHECK ((state = 'delivered') = (delivered_at IS NOT NULL)),
            CHECK (state = 'pending' OR answer IS NOT NULL),
            CHECK (give_up_at > created_at)
        );
        CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, due_at)
            WHERE state = 'pending';
        CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (endpoint_id, created_at)
            WHERE state = 'pending';
        CREATE INDEX webhook_deliveries_dead ON webhook_deliveries (endpoint_id, event_id)
            WHERE state = 'dead';
        CREATE INDEX webhook_deliveries_done ON webhook_deliveries (delivered_at)
            WHERE state = 'delivered';
    """)
    db.execute_sql("""
        -- In the transaction of the event itself: no event is ever overlooked, nor told too early.
        CREATE FUNCTION owe_order_events() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NOT EXISTS (SELECT FROM webhook_endpoints) THEN
                RETURN NULL;
            END IF;
            -- An event is due together with what it has to follow. The lock waits for somebody who
            -- is deleting the endpoint, and then leaves it out; an order never fails because of it.
            INSERT INTO webhook_deliveries
                (endpoint_id, event_id, order_id, number, due_at, give_up_at)
            SELECT e.id, t.id, t.order_id, t.number,
                coalesce((SELECT CASE d.state WHEN 'pending' THEN d.due_at END
                    FROM webhook_deliveries d
                    WHERE d.endpoint_id = e.id AND d.order_id = t.order_id
                    ORDER BY d.number DESC LIMIT 1), now()),
                now() + interval '3 days'
            FROM told t JOIN webhook_endpoints e ON e.event_types = '{}'
                OR e.event_types && ARRAY[t.type, split_part(t.type, '.', 1) || '.*']
            FOR KEY SHARE OF e;
            RETURN NULL;
        END $$;
        CREATE TRIGGER order_events_owed AFTER INSERT ON order_events
            REFERENCING NEW TABLE AS told
            FOR EACH STATEMENT EXECUTE FUNCTION owe_order_events();

        CREATE FUNCTION forgive_webhook_endpoint() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.failures = 0;
            NEW.failing_since = NULL;
            NEW.rest_until = NULL;
            RETURN NEW;
        END $$;
        CREATE TRIGGER webhook_endpoints_begin_afresh BEFORE UPDATE ON webhook_endpoints
            FOR EACH ROW WHEN (NEW.url <> OLD.url OR (NEW.state = 'active' AND OLD.state = 'paused'))
            EXECUTE FUNCTION forgive_webhook_endpoint();
    """)
