-- Documents the products of these categories anew. Per statement, not per row: an import changes hundreds in one.
CREATE OR REPLACE FUNCTION document_changed_categories() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM document_products(
        ARRAY(SELECT p.id FROM products p JOIN changed ON changed.id = p.category_id ORDER BY p.id)
    );
    RETURN NULL;
END $$;
