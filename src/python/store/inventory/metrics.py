"""What inventory counts beyond requests and queries."""

from prometheus_client import Counter

IMPORT_ROWS = Counter(
    "inventory_import_rows_total",
    "Rows read by bulk imports, dry runs not counted.",
    ["outcome"],
)
