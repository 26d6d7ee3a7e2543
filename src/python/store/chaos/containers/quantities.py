"""Kubernetes' quantities: `192Mi` of memory, `50m` of a CPU."""

import re
from decimal import Decimal

from store.cli.errors import CannotProve

UNITS = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    "k": Decimal(10**3),
    "M": Decimal(10**6),
    "G": Decimal(10**9),
    "T": Decimal(10**12),
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
    "Ti": Decimal(2**40),
}
_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)([a-zA-Z]*)")


def quantity(text: str | int | float) -> Decimal:
    """The number that is meant; CannotProve if it is none."""
    found = _QUANTITY.fullmatch(str(text))
    if not found or found[2] not in UNITS:
        raise CannotProve(f"{text} is no quantity of Kubernetes'.")
    return Decimal(found[1]) * UNITS[found[2]]
