"""Reserve, commit and release as functions of the database.

They live here and not in Python because the row of a popular SKU is locked while they run: inside
the database that takes a fraction of a millisecond, with a network round trip between the
statements it would take several, and every other buyer of that SKU would wait for each.

Locks are always taken in this order, which leaves no circle to deadlock in: the orders of a batch
by their key (an advisory lock, since an order may be unknown as yet), then shelves by SKU and
warehouse. A refusal is an answer ({"refused": code, ...}), not an exception: it has changed
nothing, and must not undo the others of its batch.
"""

from typing import Any

RESERVING = """
CREATE FUNCTION differs(wanted uuid, wanted_currency text, skus text[], quantities integer[])
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM (SELECT sku, quantity FROM ordered_lines WHERE order_id = wanted) kept
        FULL JOIN unnest(skus, quantities) AS now (sku, quantity) USING (sku)
        WHERE kept.quantity IS DISTINCT FROM now.quantity
    ) OR EXISTS (
        SELECT FROM reservations WHERE order_id = wanted AND currency <> wanted_currency
    )
$$;

CREATE FUNCTION reserve_anew(
    wanted uuid, wanted_currency text, skus text[], quantities integer[], hold interval
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    names text[]; prices bigint[]; refusal jsonb; total bigint;
BEGIN
    SELECT array_agg(offer.name ORDER BY place), array_agg(unit_price ORDER BY place),
        sum(unit_price * quantities[place]),
        jsonb_agg(jsonb_build_object(
            'refused', CASE WHEN known THEN 'not_for_sale' ELSE 'unknown_sku' END,
            'sku', offer.sku
        ) ORDER BY place) FILTER (WHERE unit_price IS NULL) -> 0
    INTO names, prices, total, refusal
    FROM offers(skus, wanted_currency) offer;
    refusal := coalesce(refusal, shortage(skus, quantities));
    IF refusal IS NULL THEN
        INSERT INTO reservations (order_id, state, currency, total, expires_at)
        VALUES (wanted, 'held', wanted_currency, total, now() + hold);
        PERFORM hold_lines(wanted, skus, quantities, names, prices);
    END IF;
    RETURN refusal;
END $$;

CREATE FUNCTION reserve_stock(
    wanted uuid, wanted_currency text, skus text[], quantities integer[], hold interval
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    known_state text; refusal jsonb;
BEGIN
    SELECT state INTO known_state FROM reservations WHERE order_id = wanted;
    IF known_state IS NULL THEN
        refusal := reserve_anew(wanted, wanted_currency, skus, quantities, hold);
    ELSIF known_state = 'released' THEN
        refusal := '{"refused": "reservation_released"}';
    ELSIF differs(wanted, wanted_currency, skus, quantities) THEN
        refusal := '{"refused": "reservation_differs"}';
    ELSIF known_state = 'expired' THEN
        refusal := take_again(wanted, hold);
    END IF;
    RETURN coalesce(refusal, reservation_as_json(wanted));
END $$;
"""

SETTLING = """
CREATE FUNCTION commit_stock(wanted uuid, hold interval) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    known_state text; refusal jsonb;
BEGIN
    SELECT state INTO known_state FROM reservations WHERE order_id = wanted;
    IF known_state IS NULL THEN
        refusal := '{"refused": "unknown_reservation"}';
    ELSIF known_state = 'released' THEN
        refusal := '{"refused": "reservation_released"}';
    ELSIF known_state = 'expired' THEN
        refusal := take_again(wanted, hold);
    END IF;
    IF refusal IS NULL THEN
        UPDATE reservations SET state = 'committed' WHERE order_id = wanted AND state = 'held';
    END IF;
    RETURN coalesce(refusal, reservation_as_json(wanted));
END $$;

CREATE FUNCTION release_stock(wanted uuid, why text) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reservations (order_id, state, reason) VALUES (wanted, 'released', why)
    ON CONFLICT DO NOTHING;
    UPDATE reservations SET state = 'released', reason = why
    WHERE order_id = wanted AND state <> 'released';
    RETURN reservation_as_json(wanted);
END $$;
"""

BATCHES = """
CREATE FUNCTION order_key(order_id uuid) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT hashtextextended(order_id::text, 0)
$$;

CREATE FUNCTION lock_shelves(orders uuid[], skus text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM stock WHERE sku = ANY (skus || ARRAY(
        SELECT sku FROM reservation_lines WHERE order_id = ANY (orders)
    )) ORDER BY sku, warehouse FOR NO KEY UPDATE;
END $$;

CREATE FUNCTION expire_overdue(orders uuid[]) RETURNS bigint LANGUAGE sql AS $$
    WITH expired AS (
        UPDATE reservations SET state = 'expired'
        WHERE order_id = ANY (orders) AND state = 'held' AND expires_at <= now() RETURNING 1
    ) SELECT count(*) FROM expired
$$;

-- Serves some orders, in turn, in one transaction; the answers are in the order of the requests.
CREATE FUNCTION serve_orders(requests jsonb) RETURNS SETOF jsonb LANGUAGE plpgsql AS $$
DECLARE
    request record;
    orders uuid[] := ARRAY(
        SELECT DISTINCT (asked ->> 'order_id')::uuid FROM jsonb_array_elements(requests) asked
    );
    skus text[] := ARRAY(
        SELECT jsonb_array_elements_text(asked -> 'skus') FROM jsonb_array_elements(requests) asked
    );
BEGIN
    PERFORM pg_advisory_xact_lock(key) FROM (
        SELECT order_key(order_id) AS key FROM unnest(orders) order_id ORDER BY key
    ) in_turn;
    PERFORM lock_shelves(orders, skus);
    PERFORM expire_overdue(orders);
    FOR request IN SELECT * FROM jsonb_to_recordset(requests) AS asked (
        "call" text, order_id uuid, currency text, skus text[], quantities integer[],
        hold_seconds integer, reason text
    ) LOOP
        RETURN NEXT CASE request."call"
            WHEN 'reserve' THEN reserve_stock(
                request.order_id, request.currency, request.skus, request.quantities,
                make_interval(secs => request.hold_seconds)
            )
            WHEN 'commit' THEN commit_stock(
                request.order_id, make_interval(secs => request.hold_seconds)
            )
            WHEN 'release' THEN release_stock(request.order_id, request.reason)
        END;
    END LOOP;
END $$;

-- Gives back holds past their time, oldest first; leaves alone what another caller has in hand.
CREATE FUNCTION sweep_overdue(how_many integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    orders uuid[] := ARRAY(
        SELECT order_id FROM (
            SELECT order_id FROM reservations
            WHERE state = 'held' AND expires_at <= now() ORDER BY expires_at LIMIT how_many
        ) due WHERE pg_try_advisory_xact_lock(order_key(order_id))
    );
BEGIN
    PERFORM lock_shelves(orders, '{}');
    RETURN expire_overdue(orders);
END $$;
"""


def up(migrator: Any, db: Any) -> None:
    for functions in (RESERVING, SETTLING, BATCHES):
        db.execute_sql(functions)
