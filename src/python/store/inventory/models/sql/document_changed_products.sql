-- Documents these products anew. Per statement, not per row: an import changes hundreds in one.
CREATE OR REPLACE FUNCTION document_changed_products() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM document_products(ARRAY(SELECT id FROM changed ORDER BY id));
    RETURN NULL;
END $$;
