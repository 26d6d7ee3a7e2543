"""What inventory counts beyond requests and queries."""

from prometheus_client import Counter, Gauge

IMPORT_ROWS = Counter(
    "inventory_import_rows_total",
    "Rows read by bulk imports, dry runs not counted.",
    ["outcome"],
)

STOCK_OUTS = Counter(
    "inventory_stock_outs_total",
    "Reservations and commits refused because too few units were left.",
)
RESERVATIONS_EXPIRED = Counter(
    "inventory_reservations_expired_total",
    "Holds that ran out before they were committed or released.",
)
RESERVATIONS_HELD = Gauge(
    "inventory_reservations_held",
    "Reservations held now, by all replicas: each reports the whole.",
)
