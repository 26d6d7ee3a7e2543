-- What SKUs are called and cost, in the order they were asked for; no price: it is not for sale.
CREATE OR REPLACE FUNCTION offers(wanted_skus text[], wanted_currency text)
RETURNS TABLE (place bigint, sku text, known boolean, name text, unit_price bigint)
LANGUAGE sql STABLE AS $$
    SELECT wanted.place, wanted.sku, variant.sku IS NOT NULL,
        concat_ws(' – ', product.title, nullif(variant.name, '')),
        CASE WHEN product.status = 'active' AND variant.status = 'active' THEN price.amount END
    FROM unnest(wanted_skus) WITH ORDINALITY AS wanted (sku, place)
    LEFT JOIN variants variant ON variant.sku = wanted.sku
    LEFT JOIN products product ON product.id = variant.product_id
    LEFT JOIN current_prices price
        ON price.sku = wanted.sku AND price.currency = wanted_currency
    ORDER BY wanted.place
$$;
