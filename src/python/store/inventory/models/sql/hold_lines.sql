-- Allocation: the fullest warehouse first, ties by code. So a line comes from one warehouse when
-- any can serve it whole, and else from as few as possible.
CREATE OR REPLACE FUNCTION hold_lines(
    wanted uuid, skus text[], quantities integer[], names text[], prices bigint[]
) RETURNS void LANGUAGE sql AS $$
    INSERT INTO reservation_lines
        (order_id, position, sku, warehouse, quantity, unit_price, name)
    SELECT wanted, place, sku, warehouse, least(available, quantity - before), price, name
    FROM (
        SELECT line.*, shelf.warehouse, shelf.on_hand - shelf.reserved AS available,
            sum(shelf.on_hand - shelf.reserved) OVER fullest_first
                - (shelf.on_hand - shelf.reserved) AS before
        FROM unnest(skus, quantities, names, prices)
            WITH ORDINALITY AS line (sku, quantity, name, price, place)
        JOIN stock shelf ON shelf.sku = line.sku AND shelf.on_hand > shelf.reserved
        WINDOW fullest_first AS (
            PARTITION BY line.sku
            ORDER BY shelf.on_hand - shelf.reserved DESC, shelf.warehouse
        )
    ) allocation
    WHERE before < quantity
    ORDER BY sku, warehouse
$$;
