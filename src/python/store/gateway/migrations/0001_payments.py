"""Payment intents, charges, refunds; what was said about them; keys; ordered misbehaviour.

The database refuses what must never be, whatever the code above it does: two successful charges
for one intent, more captured than authorised, more refunded than captured, a step backwards.
"""

from typing import Any


def up(migrator: Any, db: Any) -> None:
    db.execute_sql(PAYMENTS)
    db.execute_sql(MONEY_GUARDS)
    db.execute_sql(OUTBOX)
    db.execute_sql(REQUESTS)


PAYMENTS = """
CREATE TABLE payment_intents (
    seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    id text PRIMARY KEY,
    amount bigint NOT NULL CHECK (amount BETWEEN 1 AND 99999999),
    currency text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    status text NOT NULL CHECK (status IN (
        'requires_payment_method', 'requires_confirmation', 'requires_action', 'processing',
        'requires_capture', 'canceled', 'succeeded')),
    capture_method text NOT NULL CHECK (capture_method IN ('automatic', 'automatic_async', 'manual')),
    payment_method text,
    amount_received bigint NOT NULL DEFAULT 0,
    client_secret text NOT NULL,
    description text,
    metadata jsonb NOT NULL,
    options jsonb NOT NULL,
    return_url text,
    challenge text UNIQUE,
    last_payment_error jsonb,
    cancellation_reason text,
    canceled_at timestamptz,
    created_at timestamptz NOT NULL,
    CHECK (amount_received BETWEEN 0 AND amount),
    CHECK ((status = 'succeeded') = (amount_received > 0)),
    CHECK ((status = 'requires_action') = (challenge IS NOT NULL)),
    CHECK ((status = 'canceled') = (canceled_at IS NOT NULL)),
    CHECK (payment_method IS NOT NULL
           OR status IN ('requires_payment_method', 'canceled'))
);
CREATE INDEX payment_intents_created ON payment_intents (created_at);

CREATE TABLE charges (
    seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    id text PRIMARY KEY,
    payment_intent text NOT NULL REFERENCES payment_intents,
    amount bigint NOT NULL CHECK (amount > 0),
    currency text NOT NULL,
    status text NOT NULL CHECK (status IN ('succeeded', 'failed')),
    payment_method text NOT NULL,
    amount_captured bigint NOT NULL DEFAULT 0,
    amount_refunded bigint NOT NULL DEFAULT 0,
    failure jsonb,
    created_at timestamptz NOT NULL,
    CHECK (amount_captured BETWEEN 0 AND amount),
    CHECK (amount_refunded BETWEEN 0 AND amount_captured),
    CHECK ((status = 'failed') = (failure IS NOT NULL)),
    CHECK (status = 'succeeded' OR amount_captured = 0)
);
CREATE INDEX charges_of_intent ON charges (payment_intent, seq);
CREATE UNIQUE INDEX one_successful_charge ON charges (payment_intent) WHERE status = 'succeeded';

CREATE TABLE refunds (
    seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    id text PRIMARY KEY,
    charge text NOT NULL REFERENCES charges,
    payment_intent text NOT NULL REFERENCES payment_intents,
    amount bigint NOT NULL CHECK (amount > 0),
    currency text NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
    reason text,
    metadata jsonb NOT NULL,
    failure_reason text,
    settles_at timestamptz,
    settles_as text CHECK (settles_as IN ('succeeded', 'failed')),
    created_at timestamptz NOT NULL,
    CHECK ((status = 'failed') = (failure_reason IS NOT NULL)),
    CHECK ((settles_at IS NULL) = (settles_as IS NULL))
);
CREATE INDEX refunds_of_intent ON refunds (payment_intent, seq);
CREATE INDEX refunds_of_charge ON refunds (charge, seq);
CREATE INDEX refunds_created ON refunds (created_at);
CREATE INDEX refunds_unsettled ON refunds (settles_at) WHERE settles_at IS NOT NULL;
"""

MONEY_GUARDS = """
CREATE FUNCTION keep_intent_honest() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status <> OLD.status AND NOT (CASE OLD.status
        WHEN 'requires_payment_method' THEN true
        WHEN 'requires_confirmation' THEN true
        WHEN 'requires_action' THEN NEW.status <> 'requires_confirmation'
        WHEN 'processing' THEN NEW.status IN ('requires_payment_method', 'requires_capture', 'succeeded')
        WHEN 'requires_capture' THEN NEW.status IN ('canceled', 'succeeded')
        ELSE false END)
    THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = concat(
            'payment intent ', OLD.id, ' cannot go from ', OLD.status, ' to ', NEW.status);
    END IF;
    IF OLD.status IN ('requires_capture', 'succeeded', 'canceled')
        AND (NEW.amount, NEW.currency, NEW.payment_method)
            IS DISTINCT FROM (OLD.amount, OLD.currency, OLD.payment_method)
    THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = concat(
            'the money of payment intent ', OLD.id, ' is settled');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER honest_intent BEFORE UPDATE ON payment_intents
    FOR EACH ROW EXECUTE FUNCTION keep_intent_honest();

CREATE FUNCTION keep_charge_honest() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.amount, NEW.currency, NEW.status, NEW.payment_intent)
            IS DISTINCT FROM (OLD.amount, OLD.currency, OLD.status, OLD.payment_intent)
        OR (OLD.amount_captured > 0 AND NEW.amount_captured <> OLD.amount_captured)
    THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = concat(
            'charge ', OLD.id, ' is what it is, and is captured once');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER honest_charge BEFORE UPDATE ON charges
    FOR EACH ROW EXECUTE FUNCTION keep_charge_honest();
"""

OUTBOX = """
CREATE TABLE events (
    seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    id text PRIMARY KEY,
    type text NOT NULL,
    body json NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX events_by_type ON events (type, seq);

CREATE TABLE deliveries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event text NOT NULL REFERENCES events,
    topic text NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'given_up')),
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL,
    give_up_at timestamptz NOT NULL,
    answer text,
    delivered_at timestamptz,
    CHECK ((state = 'delivered') = (delivered_at IS NOT NULL))
);
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE state = 'pending';
CREATE INDEX deliveries_of_event ON deliveries (event);
"""

REQUESTS = """
CREATE TABLE idempotency_keys (
    key text PRIMARY KEY CHECK (length(key) BETWEEN 1 AND 255),
    endpoint text NOT NULL,
    fingerprint text NOT NULL,
    request_id text NOT NULL,
    status smallint NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);

-- Says what was answered to a key; if nothing was, takes the key until the transaction ends. A
-- function, because its second SELECT sees what was committed just before the lock was taken.
CREATE FUNCTION claim_key(wanted text, OUT free boolean, OUT kept idempotency_keys)
LANGUAGE plpgsql AS $$
DECLARE
    oldest CONSTANT timestamptz := now() - interval '24 hours';
BEGIN
    SELECT * INTO kept FROM idempotency_keys k WHERE k.key = wanted AND k.created_at >= oldest;
    IF NOT found THEN
        free := pg_try_advisory_xact_lock(hashtextextended(wanted, 0));
        IF free THEN
            DELETE FROM idempotency_keys k WHERE k.key = wanted AND k.created_at < oldest;
            SELECT * INTO kept FROM idempotency_keys k WHERE k.key = wanted;
        END IF;
    END IF;
END $$;

CREATE TABLE faults (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    path text NOT NULL,
    pattern text NOT NULL,
    times integer NOT NULL CHECK (times > 0),
    times_left integer NOT NULL,
    seconds double precision NOT NULL CHECK (seconds >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK (times_left BETWEEN 0 AND times)
);
CREATE INDEX faults_waiting ON faults (id) WHERE times_left > 0;
"""
