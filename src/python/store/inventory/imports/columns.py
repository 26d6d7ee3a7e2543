"""What a single cell of an import means. Each parser raises ValueError with the reason."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from store.inventory import limits
from store.server.limits import CONTROL, CONTROL_CHARACTER, CONTROL_CHARACTER_BUT_LINES, SKU
from store.server.money import CURRENCIES, MAX_AMOUNT, decimals_of

ATTRIBUTE = "attributes."
_AMOUNT = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?")
_UNITS = re.compile(r"[0-9]{1,10}")

Parse = Callable[[str], Any]


def _text(most: int, *, lines: bool = False) -> Parse:
    def is_forbidden(text: str) -> bool:
        if lines:  # as spreadsheets write them
            return bool(CONTROL_CHARACTER_BUT_LINES.search(text.replace("\r", "")))
        return bool(CONTROL_CHARACTER.search(text))

    def parse(text: str) -> str:
        if len(text) > most:
            raise ValueError(f"Must have at most {most} characters.")
        if is_forbidden(text):
            raise ValueError("Must not contain control characters.")
        return text.replace("\r\n", "\n")

    return parse


def _matching(pattern: str, reason: str) -> Parse:
    form = re.compile(pattern)

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
    if not _UNITS.fullmatch(text) or int(text) > limits.MAX_COUNTED_UNITS:
        raise ValueError(f"Must be a whole number from 0 to {limits.MAX_COUNTED_UNITS}.")
    return int(text)


def _category(text: str) -> tuple[tuple[str, str], ...]:
    """The (slug, name) of each category from the root down."""
    parts = tuple((_slug(name.strip()), name.strip()) for name in text.split("/"))
    if not all(slug for slug, _ in parts):
        raise ValueError(
            'Must be a path such as "kitchen/mugs", with a letter or digit in each part.'
        )
    path = "/".join(slug for slug, _ in parts)
    if len(path) > limits.MAX_PATH or any(len(name) > limits.MAX_SLUG for _, name in parts):
        raise ValueError(
            f"Must have at most {limits.MAX_SLUG} characters in each part, "
            f"and {limits.MAX_PATH} in all."
        )
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
        len(url) <= limits.MAX_URL
        and parts.scheme == "https"
        and bool(parts.hostname)
        and url.isprintable()
    )


COLUMNS: Mapping[str, Parse] = {
    "sku": _matching(SKU, limits.SKU_RULE),
    "title": _text(limits.MAX_TITLE),
    "description": _text(limits.MAX_DESCRIPTION, lines=True),
    "category": _category,
    "product": _text(limits.MAX_HANDLE),
    "variant": _text(limits.MAX_VARIANT_NAME),
    "price": _amount,
    "currency": _currency,
    "stock": _units,
    "warehouse": _matching(limits.WAREHOUSE, limits.WAREHOUSE_RULE),
    "image": _images,
}
_attribute = _text(limits.MAX_ATTRIBUTE_VALUE)
_ATTRIBUTE_NAME = re.compile(rf"attributes\.[^{CONTROL}]{{1,{limits.MAX_ATTRIBUTE_NAME}}}")


def is_column(name: str) -> bool:
    """Whether we know a column of this name."""
    return name in COLUMNS or _ATTRIBUTE_NAME.fullmatch(name) is not None


def parse_cell(column: str, text: str) -> Any:
    """What the text in one of our columns means."""
    return COLUMNS.get(column, _attribute)(text)


def minor_units(amount: Decimal, currency: str) -> int:
    """The amount in the currency's minor units."""
    decimals = decimals_of(currency)
    units = amount.scaleb(decimals)
    if units != int(units):
        raise ValueError(f"Must have at most {decimals} decimals in {currency}.")
    if units > MAX_AMOUNT:
        raise ValueError(f"Must be at most {Decimal(MAX_AMOUNT).scaleb(-decimals)} {currency}.")
    return int(units)
