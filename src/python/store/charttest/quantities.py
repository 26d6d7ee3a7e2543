"""Kubernetes' quantities: 500m of CPU, 96Mi of memory."""

import re

_FACTORS = {
    "m": 1e-3,
    "": 1.0,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "Ki": 2.0**10,
    "Mi": 2.0**20,
    "Gi": 2.0**30,
    "Ti": 2.0**40,
}
_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)([A-Za-z]*)")


def amount(quantity: str | int | float) -> float:
    """Cores or bytes; ValueError for what is no quantity."""
    found = _QUANTITY.fullmatch(str(quantity))
    if found is None or found[2] not in _FACTORS:
        raise ValueError(f"{quantity!r} is no quantity")
    return float(found[1]) * _FACTORS[found[2]]
