"""The statements of an import batch. Those that write take all their rows as one JSON array."""

# Products only are held: whoever writes a variant holds its product first.
PRODUCTS = """
    SELECT p.id, p.handle, p.title, p.description, p.category_id, p.images,
        v.id AS variant_id, v.sku, v.name, v.attributes
    FROM products p LEFT JOIN variants v ON v.product_id = p.id
    WHERE p.id IN (SELECT product_id FROM variants WHERE sku = ANY (%(skus)s)
                   UNION SELECT id FROM products WHERE handle = ANY (%(handles)s))
    ORDER BY p.id FOR NO KEY UPDATE OF p
"""

PRICES = "SELECT sku, currency, amount FROM current_prices WHERE sku = ANY (%(skus)s)"

LEVELS = "SELECT sku, warehouse, on_hand FROM stock WHERE sku = ANY (%(skus)s)"

NEW_PRODUCTS = """
    INSERT INTO products (id, handle, status, title, description, category_id, images)
    SELECT id, handle, 'active', title, description, category_id, images
    FROM jsonb_to_recordset(%s) AS given (id uuid, handle text, title text, description text,
                                          category_id uuid, images jsonb)
"""

CHANGED_PRODUCTS = """
    UPDATE products p SET
        title = given.title, description = given.description, category_id = given.category_id,
        images = given.images, version = version + 1, updated_at = now()
    FROM jsonb_to_recordset(%s) AS given (id uuid, title text, description text, category_id uuid,
                                          images jsonb)
    WHERE p.id = given.id
"""

NEW_VARIANTS = """
    INSERT INTO variants (id, product_id, sku, name, attributes)
    SELECT id, product_id, sku, name, attributes
    FROM jsonb_to_recordset(%s) AS given (id uuid, product_id uuid, sku text, name text,
                                          attributes jsonb)
"""

CHANGED_VARIANTS = """
    UPDATE variants v SET
        name = given.name, attributes = given.attributes, version = version + 1, updated_at = now()
    FROM jsonb_to_recordset(%s) AS given (id uuid, name text, attributes jsonb)
    WHERE v.id = given.id
"""

ENDED_PRICES = """
    UPDATE prices p SET valid_until = now(), version = version + 1
    FROM jsonb_to_recordset(%s) AS given (sku text, currency text)
    WHERE p.sku = given.sku AND p.currency = given.currency
        AND p.valid_from <= now() AND (p.valid_until IS NULL OR p.valid_until > now())
"""

# A new price leaves the scheduled ones alone: it holds until the next of them.
NEW_PRICES = """
    INSERT INTO prices (id, sku, currency, amount, valid_until)
    SELECT uuidv7(), given.sku, given.currency, given.amount,
        (SELECT min(next.valid_from) FROM prices next
         WHERE next.sku = given.sku AND next.currency = given.currency AND next.valid_from > now())
    FROM jsonb_to_recordset(%s) AS given (sku text, currency text, amount bigint)
"""
