"""What a single cell of an import means. Each parser raises ValueError with the reason."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from store.server.money import CURRENCIES, MAX_AMOUNT

ATTRIBUTE = "attributes."
MOST_UNITS = 1_000_000_000

# ISO 4217: the currencies whose minor unit is not a hundredth.
_DECIMALS = dict.fromkeys(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ],
    0,
) | dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3)

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROL_BUT_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SKU = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_WAREHOUSE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_AMOUNT = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?")
_UNITS = re.compile(r"[0-9]{1,10}")

Parse = Callable[[str], Any]


def _text(most: int, *, lines: bool = False) -> Parse:
    forbidden = _CONTROL_BUT_LINES if lines else _CONTROL

    def parse(text: str) -> str:
        if len(text) > most:
            raise ValueError(f"Must have at most {most} characters.")
        if forbidden.search(text):
            raise ValueError("Must not contain control characters.")
        return text.replace("\r\n", "\n")

    return parse


def _matching(form: re.Pattern[str], reason: str) -> Parse:
    def parse(text: str) -> str:
        if not form.fullmatch(text):
            raise ValueError(reason)
        return text

    return parse


def _amount(text: str) -> Decimal:
    if not _AMOUNT.fullmatch(text):
        raise ValueError("Must be a number such as 12.90.")
    amount = Decimal(text)
    if amount <= 0:
        raise ValueError("Must be above zero.")
    return amount


def _currency(text: str) -> str:
    if text not in CURRENCIES:
        raise ValueError("Must be an ISO 4217 currency code such as GBP.")
    return text


def _units(text: str) -> int:
    if not _UNITS.fullmatch(text) or int(text) > MOST_UNITS:
        raise ValueError(f"Must be a whole number from 0 to {MOST_UNITS}.")
    return int(text)


def _category(text: str) -> tuple[tuple[str, str], ...]:
    """The (slug, name) of each category from the root down."""
    parts = tuple((_slug(name.strip()), name.strip()) for name in text.split("/"))
    if not all(slug for slug, _ in parts):
        raise ValueError(
            'Must be a path such as "kitchen/mugs", with a letter or digit in each part.'
        )
    if len("/".join(slug for slug, _ in parts)) > 400 or any(len(name) > 64 for _, name in parts):
        raise ValueError("Must have at most 64 characters in each part, and 400 in all.")
    return parts


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]+", "-", plain).strip("-")


def _images(text: str) -> list[str]:
    urls = text.split()
    if not all(_is_https(url) for url in urls):
        raise ValueError("Must be https URLs, separated by blanks.")
    return urls


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return (
        len(url) <= 2000 and parts.scheme == "https" and bool(parts.hostname) and url.isprintable()
    )


COLUMNS: Mapping[str, Parse] = {
    "sku": _matching(_SKU, "Must be letters, digits, '.', '_' or '-', at most 64."),
    "title": _text(200),
    "description": _text(10_000, lines=True),
    "category": _category,
    "product": _text(100),
    "variant": _text(200),
    "price": _amount,
    "currency": _currency,
    "stock": _units,
    "warehouse": _matching(_WAREHOUSE, "Must be letters, digits, '.', '_' or '-', at most 32."),
    "image": _images,
}
_attribute = _text(200)
_ATTRIBUTE_NAME = re.compile(r"attributes\.[^\x00-\x1f\x7f-\x9f]{1,50}")


def is_column(name: str) -> bool:
    """Whether we know a column of this name."""
    return name in COLUMNS or _ATTRIBUTE_NAME.fullmatch(name) is not None


def parse_cell(column: str, text: str) -> Any:
    """What the text in one of our columns means."""
    return COLUMNS.get(column, _attribute)(text)


def minor_units(amount: Decimal, currency: str) -> int:
    """The amount in the currency's minor units."""
    decimals = _DECIMALS.get(currency, 2)
    units = amount.scaleb(decimals)
    if units != int(units):
        raise ValueError(f"Must have at most {decimals} decimals in {currency}.")
    if units > MAX_AMOUNT:
        raise ValueError(f"Must be at most {Decimal(MAX_AMOUNT).scaleb(-decimals)} {currency}.")
    return int(units)
