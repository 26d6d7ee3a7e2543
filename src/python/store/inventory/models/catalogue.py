"""Categories, products, variants and prices, one row at a time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import peewee

from store.database.model import At, Json
from store.database.versioned import Versioned
from store.inventory import errors
from store.inventory.models.tables import database
from store.server.errors import StoreError


def db_now() -> Any:
    """The database's time at the start of the transaction."""
    return peewee.fn.now()


class CatalogueTable(Versioned):
    """A table of the catalogue; its rows are guarded by If-Match."""

    created_at = At(default=db_now)

    class Meta:
        database = database

    @classmethod
    def found(cls, where: Any, missing: StoreError) -> Self:
        """The row that `where` finds, or raise `missing`."""
        row: Self | None = cls.get_or_none(where)
        if row is None:
            raise missing
        return row

    @classmethod
    def locked(cls, where: Any, missing: StoreError) -> Self:
        """The row that `where` finds, held until the transaction ends; else raise `missing`."""
        held = cls.select().where(where).for_update("FOR NO KEY UPDATE")  # type: ignore[arg-type]
        row: Self | None = held.first()
        if row is None:
            raise missing
        return row


class DatedTable(CatalogueTable):
    """One whose rows know when they were changed last."""

    updated_at = At(default=db_now)

    def change(self, **fields: Any) -> None:
        """Write these columns as the next version; a row held by `locked`."""
        super().change(**fields, updated_at=db_now())


class Category(DatedTable):
    """A node of the tree; the database keeps `path` from the slugs above."""

    parent = peewee.ForeignKeyField("self", null=True)
    slug = peewee.TextField()
    path = peewee.TextField(default="")
    name = peewee.TextField()

    class Meta:
        table_name = "categories"

    @classmethod
    def at(cls, path: str) -> Self:
        """The category at a path such as "kitchen/mugs"; UnknownCategory."""
        return cls.found(cls.path == path, errors.UnknownCategory(path))

    @classmethod
    def make_sure_of(cls, path: Sequence[tuple[str, str]]) -> UUID:
        """The id of the category at a path of (slug, name); it and those above are made if absent."""
        joined = "/".join(slug for slug, _ in path)
        if cls.get_or_none(cls.path == joined) is None:
            *above, (slug, name) = path
            parent = cls.make_sure_of(above) if above else None
            # Somebody else may make it at the same time: then theirs is as good.
            cls.insert(parent=parent, slug=slug, name=name).on_conflict_ignore().execute()
        return UUID(str(cls.at(joined).id))

    @classmethod
    def after(cls, path: str, limit: int) -> list[Self]:
        """Up to `limit` categories whose paths come after this one."""
        # By bytes, so that the order is the same on every machine.
        behind = peewee.SQL('path COLLATE "C" > %s', (path,))
        return list(
            cls.select().where(behind).order_by(peewee.SQL('path COLLATE "C"')).limit(limit)
        )

    @classmethod
    def by_id(cls, category_id: UUID) -> Self:
        """The category; UnknownCategory."""
        return cls.found(cls.id == category_id, errors.UnknownCategory(category_id))

    @classmethod
    def held(cls, category_id: UUID) -> Self:
        """The category, held until the transaction ends; UnknownCategory."""
        return cls.locked(cls.id == category_id, errors.UnknownCategory(category_id))


class Product(DatedTable):
    """What is sold, in one or more variants."""

    handle = peewee.TextField(null=True)
    status = peewee.TextField(default="draft")
    title = peewee.TextField()
    description = peewee.TextField(default="")
    category = peewee.ForeignKeyField(Category, null=True)
    attributes = Json(default=dict)
    images = Json(default=list)

    class Meta:
        table_name = "products"

    @classmethod
    def held(cls, product_id: UUID) -> Self:
        """The product, held until the transaction ends; UnknownProduct."""
        return cls.locked(cls.id == product_id, errors.UnknownProduct(product_id))

    @classmethod
    def held_of(cls, sku: str) -> Self:
        """The product of a variant, held until the transaction ends; UnknownSku."""
        of_sku = Variant.select(Variant.product).where(Variant.sku == sku)
        return cls.locked(cls.id == of_sku, errors.UnknownSku(sku))


class Variant(DatedTable):
    """What can be ordered: a SKU."""

    product = peewee.ForeignKeyField(Product)
    sku = peewee.TextField()
    name = peewee.TextField(default="")
    attributes = Json(default=dict)
    status = peewee.TextField(default="active")

    class Meta:
        table_name = "variants"

    @classmethod
    def by_sku(cls, sku: str) -> Self:
        """The variant; UnknownSku."""
        return cls.found(cls.sku == sku, errors.UnknownSku(sku))

    @classmethod
    def held(cls, sku: str) -> Self:
        """The variant, held until the transaction ends; UnknownSku."""
        return cls.locked(cls.sku == sku, errors.UnknownSku(sku))


class Price(CatalogueTable):
    """What a SKU costs in a currency (minor units) from one moment until another, or for good."""

    sku = peewee.TextField()
    currency = peewee.TextField()
    amount = peewee.BigIntegerField()
    valid_from = At(default=db_now)
    valid_until = At(null=True)

    class Meta:
        table_name = "prices"

    @classmethod
    def by_id(cls, price_id: UUID) -> Self:
        """The price; UnknownPrice."""
        return cls.found(cls.id == price_id, errors.UnknownPrice(price_id))

    @classmethod
    def held(cls, price_id: UUID) -> Self:
        """The price, held until the transaction ends; UnknownPrice."""
        return cls.locked(cls.id == price_id, errors.UnknownPrice(price_id))

    @classmethod
    def clock(cls) -> datetime:
        """The database's time at the start of the transaction: what `now()` is in all its queries."""
        moment: datetime = database.rows("SELECT now() AS now")[0]["now"]
        return moment

    @classmethod
    def in_force(cls, sku: str, currency: str, at: datetime) -> Self | None:
        """The price at that moment."""
        lasts = cls.valid_until.is_null() | (cls.valid_until > at)
        return cls.get_or_none(
            (cls.sku == sku) & (cls.currency == currency) & (cls.valid_from <= at) & lasts
        )

    @classmethod
    def next_start(cls, sku: str, currency: str, after: datetime) -> datetime | None:
        """When the first price after that moment begins."""
        found: datetime | None = (
            cls.select(peewee.fn.min(cls.valid_from))
            .where((cls.sku == sku) & (cls.currency == currency) & (cls.valid_from > after))
            .scalar()
        )
        return found

    @classmethod
    def history(cls, sku: str, limit: int, after: tuple[datetime, UUID] | None) -> list[Self]:
        """Prices of a SKU, the latest to begin first; `after` is (valid_from, id)."""
        query = cls.select().where(cls.sku == sku)
        if after:
            query = query.where(peewee.Tuple(cls.valid_from, cls.id) < peewee.Tuple(*after))
        return list(query.order_by(cls.valid_from.desc(), cls.id.desc()).limit(limit))
