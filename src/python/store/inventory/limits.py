"""What the texts of the catalogue look like, and how long they may be (in characters).

REST, imports and gRPC take them from here; so does the SKU from store/server/limits.py.
"""

SLUG = r"[a-z0-9]+(-[a-z0-9]+)*"
PATH = rf"{SLUG}(/{SLUG})*"
WAREHOUSE = r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}"

MAX_TITLE = 200
MAX_DESCRIPTION = 10_000
MAX_HANDLE = 100
MAX_VARIANT_NAME = 200
MAX_URL = 2000

MAX_ATTRIBUTES = 50
MAX_ATTRIBUTE_NAME = 50
MAX_ATTRIBUTE_VALUE = 200

MAX_SLUG = 64
MAX_PATH = 400
MAX_CATEGORY_NAME = 100

MAX_WAREHOUSE = 32
MAX_WAREHOUSE_NAME = 200
MAX_REFERENCE = 200
MAX_REASON = 500
MAX_RELEASE_REASON = 200
MAX_COUNTED_UNITS = 1_000_000_000

SKU_RULE = "Must be letters, digits, '.', '_' or '-', at most 64."
WAREHOUSE_RULE = "Must be letters, digits, '.', '_' or '-', at most 32."
