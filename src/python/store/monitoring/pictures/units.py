"""Numbers as Grafana writes them, in the units that our dashboards have."""

import math
from collections.abc import Mapping, Sequence

# What a unit is divided by, largest first, and what stands behind the number then.
Scale = Sequence[tuple[float, str]]

SECONDS: Scale = (
    (86_400, " day"),
    (3_600, " hour"),
    (60, " min"),
    (1, " s"),
    (1e-3, " ms"),
    (1e-6, " µs"),
)
BYTES: Scale = ((2**30, " GiB"), (2**20, " MiB"), (2**10, " KiB"), (1, " B"))
THOUSANDS: Scale = ((1e9, " Bil"), (1e6, " Mil"), (1e3, " K"), (1, ""))
SCALES: Mapping[str, Scale] = {"s": SECONDS, "bytes": BYTES, "short": THOUSANDS}
SUFFIXES = {"reqps": " req/s", "ops": " ops/s", "percentunit": "%"}
SUFFIX = "suffix:"


class UnknownUnit(ValueError):
    """A panel has a unit that nothing here can write."""


def written(value: float, unit: str, decimals: int | None = None) -> str:
    """The number with its unit; UnknownUnit if that is none of those we know."""
    if not math.isfinite(value):
        return str(value)
    if unit.startswith(SUFFIX):
        return _number(value, decimals) + unit.removeprefix(SUFFIX)
    if unit in SCALES:
        one, suffix = _step(abs(value), SCALES[unit])
        return _number(value / one, decimals) + suffix
    if unit in SUFFIXES:
        factor = 100 if unit == "percentunit" else 1
        return _number(value * factor, decimals) + SUFFIXES[unit]
    raise UnknownUnit(unit)


def divisor(value: float, unit: str) -> float:
    """What this value is divided by before it is written: 60 for some minutes in seconds."""
    return _step(abs(value), SCALES[unit])[0] if unit in SCALES else 1


def _step(size: float, scale: Scale) -> tuple[float, str]:
    if size == 0:
        return next(step for step in scale if step[0] == 1)
    return next((step for step in scale if size >= step[0]), scale[-1])


def _number(value: float, decimals: int | None) -> str:
    if decimals is None:
        return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{value:.{decimals}f}"
