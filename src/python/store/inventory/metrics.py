"""What inventory counts beyond requests and queries.

Each change is counted once, by the process that asked the database for it, when it is committed: a
call that is repeated and changes nothing is not counted again.
"""

from dataclasses import dataclass
from functools import cache

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
RESERVATIONS = Counter(
    "inventory_reservations_total",
    "Reservations by what was done to them: reserved, which is also to hold again what had run out;"
    " committed; released, which is to give back what is held or sold; refused.",
    ["outcome"],
)
RESERVATIONS_EXPIRED = Counter(
    "inventory_reservations_expired_total",
    "Holds that ran out before they were committed or released.",
)

IMPORT_OUTCOMES = ("created", "updated", "unchanged", "rejected")
RESERVATION_OUTCOMES = ("reserved", "committed", "released", "refused")

_DONE = {
    ("reserve", None): ["reserved"],
    ("reserve", "expired"): ["reserved"],
    ("commit", "held"): ["committed"],
    ("commit", "expired"): ["reserved", "committed"],
    ("release", "held"): ["released"],
    ("release", "committed"): ["released"],
}
"""What a call that is not refused has done, by the state before it; nothing in all other cases."""


def count_served(call: str, before: str | None) -> None:
    """Count a call that was served, by what it has changed."""
    for outcome in _DONE.get((call, before), []):
        RESERVATIONS.labels(outcome).inc()


def count_refused(code: str) -> None:
    """Count a call that was refused."""
    RESERVATIONS.labels("refused").inc()
    if code == "out_of_stock":
        STOCK_OUTS.inc()


@dataclass(frozen=True)
class HoldGauges:
    """What the sweep publishes of the holds that there are."""

    held: Gauge
    overdue: Gauge


@cache
def hold_gauges() -> HoldGauges:
    """The gauges of a process that sweeps. One that does not shows none: it would show zeros."""
    seen = "as this process saw it at its last sweep, once a second; each reports all."
    return HoldGauges(
        Gauge("inventory_reservations_held", f"Reservations that hold units, {seen}"),
        Gauge(
            "inventory_reservations_overdue",
            f"Holds that ran out over a minute ago and still hold units, {seen}",
        ),
    )


for outcome in IMPORT_OUTCOMES:
    IMPORT_ROWS.labels(outcome)
for outcome in RESERVATION_OUTCOMES:
    RESERVATIONS.labels(outcome)
