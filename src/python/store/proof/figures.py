"""Figures of many measurements."""

import math
from collections.abc import Sequence


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of the ascending values do not exceed (nearest rank)."""
    if not ordered:
        return math.nan
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1]


def milliseconds(seconds: float) -> str:
    """A time as people read it."""
    return f"{seconds * 1000:,.0f} ms"
