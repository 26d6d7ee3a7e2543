-- Documents the products of these variants anew. Per statement, not per row: an import changes hundreds in one.
CREATE OR REPLACE FUNCTION document_changed_variants() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM document_products(ARRAY(SELECT DISTINCT product_id FROM changed ORDER BY product_id));
    RETURN NULL;
END $$;
