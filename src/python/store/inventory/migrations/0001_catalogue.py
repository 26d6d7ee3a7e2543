"""Products, their variants, the category tree and the prices.

The functions are those of then; models/sql has what they are today.
"""

from typing import Any

EXTENSIONS = "CREATE EXTENSION IF NOT EXISTS btree_gist"

CATEGORIES = """
CREATE TABLE categories (
    id uuid PRIMARY KEY,
    parent_id uuid REFERENCES categories (id),
    slug text NOT NULL CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 64),
    path text NOT NULL UNIQUE CHECK (length(path) <= 400),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX categories_parent ON categories (parent_id);
"""

# The path of a category ("kitchen/mugs") follows from its parents; the database keeps it, so that
# nobody can store one that lies, and refuses a category that would be below itself. The lock keeps
# the path of the parent as it is until we are done, and stands in nobody else's way.
CATEGORY_PATHS = """
CREATE FUNCTION set_category_path() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE FUNCTION move_subcategories() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE categories SET path = path WHERE parent_id = NEW.id;
    RETURN NULL;
END $$;

CREATE TRIGGER categories_set_path BEFORE INSERT OR UPDATE ON categories
    FOR EACH ROW EXECUTE FUNCTION set_category_path();
CREATE TRIGGER categories_move_below AFTER UPDATE ON categories
    FOR EACH ROW WHEN (OLD.path IS DISTINCT FROM NEW.path) EXECUTE FUNCTION move_subcategories();
"""

PRODUCTS = """
CREATE TABLE products (
    id uuid PRIMARY KEY,
    handle text UNIQUE CHECK (length(handle) BETWEEN 1 AND 100),
    status text NOT NULL CHECK (status IN ('draft', 'active', 'retired')),
    title text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    description text NOT NULL DEFAULT '' CHECK (length(description) <= 10000),
    category_id uuid REFERENCES categories (id),
    attributes jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(attributes) = 'object'),
    images jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(images) = 'array'),
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX products_by_name ON products ((lower(title) COLLATE "C"), id);
CREATE INDEX products_category ON products (category_id);
"""

VARIANTS = """
CREATE TABLE variants (
    id uuid PRIMARY KEY,
    product_id uuid NOT NULL REFERENCES products (id),
    sku text NOT NULL UNIQUE CHECK (sku ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    name text NOT NULL DEFAULT '' CHECK (length(name) <= 200),
    attributes jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(attributes) = 'object'),
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'retired')),
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX variants_product ON variants (product_id);
"""

# Amounts are minor units. At any time a SKU has at most one price in a currency. The constraint joins
# the two into one text, so that no lookup by SKU walks its GiST index: a B-tree is ten times faster.
PRICES = """
CREATE TABLE prices (
    id uuid PRIMARY KEY,
    sku text NOT NULL REFERENCES variants (sku),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    amount bigint NOT NULL CHECK (amount >= 0),
    valid_from timestamptz NOT NULL DEFAULT now(),
    valid_until timestamptz CHECK (valid_until > valid_from),
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT prices_do_not_overlap
        EXCLUDE USING gist ((currency || sku) WITH =, tstzrange(valid_from, valid_until) WITH &&)
);
CREATE INDEX prices_by_sku ON prices (sku, currency, valid_from);
CREATE INDEX prices_by_amount ON prices (currency, amount);
"""


def up(migrator: Any, db: Any) -> None:
    for statements in (EXTENSIONS, CATEGORIES, CATEGORY_PATHS, PRODUCTS, VARIANTS, PRICES):
        db.execute_sql(statements)
