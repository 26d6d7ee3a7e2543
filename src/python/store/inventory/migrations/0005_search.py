"""What a product is found by, and the prices of right now.

The functions are those of then; models/sql has what they are today.
"""

from typing import Any

# Accents and word endings do not matter: "Cafés" finds "cafe".
LANGUAGE = """
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE TEXT SEARCH CONFIGURATION catalogue (COPY = english);
ALTER TEXT SEARCH CONFIGURATION catalogue
    ALTER MAPPING FOR hword, hword_part, word WITH unaccent, english_stem;
"""

# `document` answers exact and beginning words, `words` the misspelt ones; one index serves both.
DOCUMENTS = """
CREATE TABLE product_documents (
    product_id uuid PRIMARY KEY REFERENCES products (id),
    words text NOT NULL,
    document tsvector NOT NULL
);
CREATE INDEX product_documents_search ON product_documents
    USING gin (document, words gin_trgm_ops);

CREATE FUNCTION document_products(ids uuid[]) RETURNS void LANGUAGE sql AS $$
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
"""

# Per statement, not per row: an import changes hundreds of products in one.
TRIGGERS = """
CREATE FUNCTION document_changed_products() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM document_products(ARRAY(SELECT id FROM changed ORDER BY id));
    RETURN NULL;
END $$;

CREATE FUNCTION document_changed_variants() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM document_products(ARRAY(SELECT DISTINCT product_id FROM changed ORDER BY product_id));
    RETURN NULL;
END $$;

CREATE FUNCTION document_changed_categories() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM document_products(
        ARRAY(SELECT p.id FROM products p JOIN changed ON changed.id = p.category_id ORDER BY p.id)
    );
    RETURN NULL;
END $$;

CREATE TRIGGER products_inserted AFTER INSERT ON products
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION document_changed_products();
CREATE TRIGGER products_updated AFTER UPDATE ON products
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION document_changed_products();
CREATE TRIGGER variants_inserted AFTER INSERT ON variants
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION document_changed_variants();
CREATE TRIGGER variants_updated AFTER UPDATE ON variants
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION document_changed_variants();
CREATE TRIGGER categories_updated AFTER UPDATE ON categories
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION document_changed_categories();
"""

CURRENT_PRICES = """
CREATE VIEW current_prices AS
    SELECT sku, currency, amount FROM prices
    WHERE valid_from <= now() AND (valid_until IS NULL OR valid_until > now());
"""


def up(migrator: Any, db: Any) -> None:
    for statements in (LANGUAGE, DOCUMENTS, TRIGGERS, CURRENT_PRICES):
        db.execute_sql(statements)
