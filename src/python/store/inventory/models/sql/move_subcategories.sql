-- The path of what is below a category that has moved: set_category_path does the rest.
CREATE OR REPLACE FUNCTION move_subcategories() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE categories SET path = path WHERE parent_id = NEW.id;
    RETURN NULL;
END $$;
