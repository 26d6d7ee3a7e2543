-- Moving a reservation's state is all it takes: this sells and gives back the units of its lines, so
-- neither code nor a hand-typed UPDATE can bring levels and reservations apart. The order of the
-- lines is the order of locks everywhere: by SKU, then warehouse.
CREATE OR REPLACE FUNCTION move_reserved_units() RETURNS trigger LANGUAGE plpgsql AS $$
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
