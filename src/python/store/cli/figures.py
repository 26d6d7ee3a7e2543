"""Figures of many measurements, and of many orders."""

import math
from collections import Counter
from collections.abc import Sequence

from rich.table import Table


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of the ascending values do not exceed (nearest rank)."""
    if not ordered:
        return math.nan
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1]


def milliseconds(seconds: float) -> str:
    """A time as people read it."""
    return f"{seconds * 1000:,.0f} ms"


def outcomes_table(title: str, first: str, counts: Counter[tuple[str, str]]) -> Table:
    """How many orders came to what, and why: the most common first, then their sum."""
    table = Table(first, "reason", title=title)
    table.add_column("orders", justify="right")
    for (state, reason), number in counts.most_common():
        table.add_row(state, reason, f"{number:,}")
    table.add_section()
    table.add_row("all", "", f"{counts.total():,}")
    return table
