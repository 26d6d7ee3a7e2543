-- Locks the shelves of these orders and SKUs, in the order that everybody keeps.
CREATE OR REPLACE FUNCTION lock_shelves(orders uuid[], skus text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM stock WHERE sku = ANY (skus || ARRAY(
        SELECT sku FROM reservation_lines WHERE order_id = ANY (orders)
    )) ORDER BY sku, warehouse FOR NO KEY UPDATE;
END $$;
