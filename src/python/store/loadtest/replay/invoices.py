"""Orders out of a CSV of invoice lines, as a shop's books would export them."""

import csv
import gzip
import io
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

from store.cli.errors import CannotProve
from store.server.limits import MAX_ORDER_LINES


class BadFile(CannotProve):
    def __init__(self, file: object, reason: str) -> None:
        super().__init__(f"{file} cannot be replayed: {reason}")


@dataclass(frozen=True)
class Columns:
    """Which column of the file says what; `--map order=InvoiceNo` names the file's own."""

    order: str = "order"
    time: str = "time"
    customer: str = "customer"
    sku: str = "sku"
    quantity: str = "quantity"

    @classmethod
    def of(cls, mapped: Mapping[str, str]) -> "Columns":
        """The columns with these mapped; BadFile for one that is not ours."""
        unknown = sorted(set(mapped) - set(cls.__dataclass_fields__))
        if unknown:
            ours = ", ".join(cls.__dataclass_fields__)
            raise BadFile("The mapping", f"there is no column {unknown[0]}, only {ours}")
        return cls(**mapped)


@dataclass
class Basket:
    """What one customer wants in one order; units by SKU."""

    order: str
    time: str
    customer: str
    lines: Counter[str] = field(default_factory=Counter)


@dataclass
class Invoices:
    """Baskets in the order of their times, and what was left out, by reason."""

    baskets: list[Basket]
    skipped_orders: Counter[str]
    skipped_lines: Counter[str]


def read_invoices(file: Path, columns: Columns) -> Invoices:
    """Group the lines of a CSV (gzip or not) to baskets; BadFile if it is none."""
    try:
        with opened(file) as lines:
            return group(csv.DictReader(lines), columns)
    except (OSError, EOFError, csv.Error, gzip.BadGzipFile) as error:
        raise BadFile(file, str(error)) from None
    except KeyError as missing:
        raise BadFile(file, f"it has no column {missing}; map one with --map") from None


def opened(file: Path) -> IO[str]:
    """The text of a file, unpacked if it is gzip."""
    with file.open("rb") as start:
        packed = start.read(2) == b"\x1f\x8b"
    raw = gzip.open(file) if packed else file.open("rb")  # noqa: SIM115 - the caller closes it
    return io.TextIOWrapper(
        cast(IO[bytes], raw), encoding="utf-8-sig", errors="replace", newline=""
    )


def group(rows: Iterable[Mapping[str, str]], columns: Columns) -> Invoices:
    """One basket an order: the same SKU merged, what cannot be ordered left out and counted."""
    baskets: dict[str, Basket] = {}
    skipped: Counter[str] = Counter()
    for row in rows:
        order = row[columns.order].strip()
        # Spreadsheets turn the number of a customer into a float as soon as one is missing.
        customer = row[columns.customer].strip().removesuffix(".0")
        basket = Basket(order, row[columns.time], customer)
        basket = baskets.setdefault(order, basket)
        quantity, reason = _quantity(row[columns.quantity])
        if reason:
            skipped[reason] += 1
        else:
            basket.lines[row[columns.sku].strip()] += quantity
    orderable, left_out = list[Basket](), Counter[str]()
    for basket in baskets.values():
        if reason := _why_not(basket):
            left_out[reason] += 1
        else:
            orderable.append(basket)
    return Invoices(sorted(orderable, key=lambda basket: basket.time), left_out, skipped)


def _why_not(basket: Basket) -> str:
    if basket.order[:1] in {"C", "c"}:
        return "a cancellation"
    if not basket.lines:
        return "nothing left to order"
    if not basket.customer:
        return "no customer"
    if len(basket.lines) > MAX_ORDER_LINES:
        return f"more than {MAX_ORDER_LINES} lines"
    return ""


def _quantity(text: str) -> tuple[int, str]:
    try:
        quantity = int(text)
    except ValueError:
        return 0, "quantity is not a whole number"
    return (quantity, "") if quantity > 0 else (0, "quantity is not positive")
