-- Serves some orders, in turn, in one transaction; the answers are in the order of the requests.
-- "was" is the state before, null if the order was unknown; "ran_out" says that the hold of the
-- order was given back just now, since its time is over.
--
-- Reserving lives here and not in Python because the row of a popular SKU is locked while it runs:
-- inside the database that takes a fraction of a millisecond, with a network round trip between the
-- statements it would take several, and every other buyer of that SKU would wait for each.
--
-- Locks are always taken in this order, which leaves no circle to deadlock in: the orders of a batch
-- by their key (an advisory lock, since an order may be unknown as yet), then shelves by SKU and
-- warehouse. A refusal is an answer ({"refused": code, ...}), not an exception: it has changed
-- nothing, and must not undo the others of its batch.
CREATE OR REPLACE FUNCTION serve_orders(requests jsonb) RETURNS SETOF jsonb LANGUAGE plpgsql AS $$
DECLARE
    request record;
    orders uuid[] := ARRAY(
        SELECT DISTINCT (asked ->> 'order_id')::uuid FROM jsonb_array_elements(requests) asked
    );
    skus text[] := ARRAY(
        SELECT jsonb_array_elements_text(asked -> 'skus') FROM jsonb_array_elements(requests) asked
    );
    overdue uuid[];
    known_state text;
BEGIN
    PERFORM pg_advisory_xact_lock(key) FROM (
        SELECT order_key(order_id) AS key FROM unnest(orders) order_id ORDER BY key
    ) in_turn;
    PERFORM lock_shelves(orders, skus);
    overdue := ARRAY(
        SELECT order_id FROM reservations
        WHERE order_id = ANY (orders) AND state = 'held' AND expires_at <= now()
    );
    PERFORM expire_overdue(overdue);
    FOR request IN SELECT * FROM jsonb_to_recordset(requests) AS asked (
        "call" text, order_id uuid, currency text, skus text[], quantities integer[],
        hold_seconds integer, reason text
    ) LOOP
        SELECT state INTO known_state FROM reservations WHERE order_id = request.order_id;
        RETURN NEXT CASE request."call"
            WHEN 'reserve' THEN reserve_stock(
                request.order_id, request.currency, request.skus, request.quantities,
                make_interval(secs => request.hold_seconds)
            )
            WHEN 'commit' THEN commit_stock(
                request.order_id, make_interval(secs => request.hold_seconds)
            )
            WHEN 'release' THEN release_stock(request.order_id, request.reason)
        END || jsonb_build_object('was', known_state, 'ran_out', request.order_id = ANY (overdue));
        overdue := array_remove(overdue, request.order_id);
    END LOOP;
END $$;
