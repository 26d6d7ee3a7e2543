"""Backups of a service's database. Only where some are expected is this imported."""

import math

from prometheus_client import Gauge

POLL_INTERVAL_SECONDS = 15.0
"""How often a service looks up the newest."""

NEWEST_DUMP = Gauge(
    "database_newest_dump_timestamp_seconds",
    f"Unix time of the newest good dump of this service's database, looked up every {POLL_INTERVAL_SECONDS:.0f} s; "
    "0 before the first dump, NaN before the first look.",
)
NEWEST_DUMP.set(math.nan)
