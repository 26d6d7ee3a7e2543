"""What a SKU costs, was to cost and will cost."""

from datetime import datetime
from typing import Any
from uuid import UUID

from store.inventory.errors import PriceIsHistory, PricesOverlap
from store.inventory.models.catalogue import Price, Variant
from store.inventory.models.refusals import refused_as
from store.inventory.models.tables import database
from store.server.errors import Invalid
from store.server.http.pages import decode_cursor, encode_cursor, page_of


def price(price_id: UUID) -> tuple[dict[str, Any], int]:
    """A price and its version; UnknownPrice."""
    with database.reading():
        found = Price.by_id(price_id)
    return _shown(found), found.version


def history(sku: str, limit: int, cursor: str | None) -> dict[str, Any]:
    """A page of a SKU's prices, the latest to begin first; UnknownSku, BadCursor."""
    kind = f"prices-{sku}"
    after = decode_cursor(kind, cursor, datetime, UUID) if cursor else None
    with database.reading():
        Variant.by_sku(sku)
        found = Price.history(sku, limit + 1, after)
    page = page_of(found, limit, lambda last: encode_cursor(kind, last.valid_from, last.id))
    return {"items": [_shown(each) for each in page.items], "next_cursor": page.next_cursor}


def set_price(sku: str, wanted: dict[str, Any]) -> UUID:
    """Set what a SKU costs from now or a later moment; UnknownSku, PricesOverlap, Invalid.

    Without an end it holds until the next scheduled price, or for good. With `replace` the price in
    force at its start ends there, and goes on after its end.
    """
    with database.transaction():
        Variant.held(sku)
        now = Price.clock()
        start, end = wanted.get("valid_from") or now, wanted.get("valid_until")
        _check_period(start, end, now)
        with refused_as(prices_do_not_overlap=PricesOverlap(sku, wanted["currency"])):
            return _put_in_force(sku, wanted, start, end)


def _put_in_force(sku: str, wanted: dict[str, Any], start: datetime, end: datetime | None) -> UUID:
    currency = wanted["currency"]
    if wanted["replace"]:
        _make_room(Price.in_force(sku, currency, start), start, end)
    created = Price.create(
        sku=sku,
        currency=currency,
        amount=wanted["amount"],
        valid_from=start,
        valid_until=end or Price.next_start(sku, currency, start),
    )
    return UUID(str(created.id))


def end_price(price_id: UUID, version: int, end: datetime | None) -> None:
    """Let a price end at a moment that lies ahead, or never; StaleVersion, PricesOverlap, Invalid."""
    with database.transaction():
        held = Price.held(price_id)
        held.expect(version)
        now = Price.clock()
        if held.valid_until is not None and held.valid_until <= now:
            raise PriceIsHistory(price_id)
        _check_period(max(held.valid_from, now), end, now)
        with refused_as(prices_do_not_overlap=PricesOverlap(held.sku, held.currency)):
            held.change(valid_until=end)


def drop_price(price_id: UUID, version: int) -> None:
    """Forget a price that has not begun yet; PriceIsHistory, StaleVersion."""
    with database.transaction():
        held = Price.held(price_id)
        held.expect(version)
        if held.valid_from <= Price.clock():
            raise PriceIsHistory(price_id)
        held.delete_instance()


def _check_period(start: datetime, end: datetime | None, now: datetime) -> None:
    if start < now:
        raise Invalid("valid_from", "Must not lie in the past.")
    if end is not None and end <= start:
        raise Invalid("valid_until", "Must lie after the start, and not in the past.")


def _make_room(old: Price | None, start: datetime, end: datetime | None) -> None:
    """Let the price in force pause from `start` until `end`."""
    if old is None:
        return
    goes_on_until = old.valid_until
    if old.valid_from < start:
        old.change(valid_until=start)
    else:
        old.delete_instance()
    if end is not None and (goes_on_until is None or end < goes_on_until):
        Price.create(
            sku=old.sku,
            currency=old.currency,
            amount=old.amount,
            valid_from=end,
            valid_until=goes_on_until,
        )


def _shown(found: Price) -> dict[str, Any]:
    names = ("id", "sku", "amount", "currency", "valid_from", "valid_until")
    return {name: getattr(found, name) for name in names}
