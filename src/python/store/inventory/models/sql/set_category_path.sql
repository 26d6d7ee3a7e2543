-- The path of a category ("kitchen/mugs") follows from its parents; the database keeps it, so that
-- nobody can store one that lies, and refuses a category that would be below itself. The lock keeps
-- the path of the parent as it is until we are done, and stands in nobody else's way.
CREATE OR REPLACE FUNCTION set_category_path() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    parent_path text;
BEGIN
    SELECT path INTO parent_path FROM categories WHERE id = NEW.parent_id FOR KEY SHARE;
    IF TG_OP = 'UPDATE' AND starts_with(parent_path || '/', OLD.path || '/') THEN
        RAISE EXCEPTION 'a category cannot be below itself'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'categories_no_circle';
    END IF;
    NEW.path := concat_ws('/', parent_path, NEW.slug);
    RETURN NEW;
END $$;
