-- `document` answers exact and beginning words, `words` the misspelt ones; one index serves both.
CREATE OR REPLACE FUNCTION document_products(ids uuid[]) RETURNS void LANGUAGE sql AS $$
    -- First wait for whoever is changing these products: what they write must be in the document.
    SELECT FROM products WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;
    INSERT INTO product_documents (product_id, words, document)
    SELECT p.id,
        lower(concat_ws(' ', p.title, v.texts, c.texts, a.texts)),
        setweight(to_tsvector('catalogue', p.title), 'A')
            || setweight(to_tsvector('catalogue', concat_ws(' ', v.texts, c.texts)), 'B')
            || setweight(to_tsvector('catalogue', coalesce(a.texts, '')), 'C')
            || setweight(to_tsvector('catalogue', p.description), 'D')
    FROM products p
    LEFT JOIN LATERAL (
        SELECT concat_ws(' ', name, translate(path, '/-', '  ')) AS texts
        FROM categories WHERE id = p.category_id
    ) c ON true
    LEFT JOIN LATERAL (
        SELECT string_agg(concat_ws(' ', sku, name), ' ' ORDER BY sku) AS texts
        FROM variants WHERE product_id = p.id AND status = 'active'
    ) v ON true
    LEFT JOIN LATERAL (
        SELECT string_agg(DISTINCT value, ' ') AS texts FROM (
            SELECT attributes FROM variants WHERE product_id = p.id AND status = 'active'
            UNION ALL SELECT p.attributes
        ) every CROSS JOIN LATERAL jsonb_each_text(every.attributes)
    ) a ON true
    WHERE p.id = ANY (ids)
    ON CONFLICT (product_id) DO UPDATE
        SET words = excluded.words, document = excluded.document;
$$;
