"""The products and variants that a batch of an import touches: loaded at once, written at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import peewee

from store.database.model import jsonb
from store.inventory.models import import_queries as queries
from store.inventory.models.catalogue import Category
from store.inventory.models.tables import database
from store.server.ids import new_id

Record = dict[str, Any]


class Clash(Exception):
    """Somebody else has written one of these rows meanwhile: nothing of the batch may be kept."""


@dataclass
class BatchProduct:
    """A product as it is to be."""

    id: UUID = field(default_factory=new_id)
    handle: str | None = None
    title: str = ""
    description: str = ""
    category_id: UUID | None = None
    images: list[dict[str, str]] = field(default_factory=list)


@dataclass
class BatchVariant:
    """A variant as it is to be, with its prices by currency and its levels by warehouse."""

    sku: str
    product: BatchProduct
    id: UUID = field(default_factory=new_id)
    name: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    prices: dict[str, int] = field(default_factory=dict)
    levels: dict[str, int] = field(default_factory=dict)

    def record(self) -> Record:
        """Its columns in the table of variants."""
        names = ("id", "sku", "name", "attributes")
        return {name: getattr(self, name) for name in names} | {"product_id": self.product.id}


@dataclass
class State:
    """Rows of each table by what identifies them."""

    products: dict[UUID, Record] = field(default_factory=dict)
    variants: dict[str, Record] = field(default_factory=dict)
    prices: dict[tuple[str, str], Record] = field(default_factory=dict)
    levels: dict[tuple[str, str], int] = field(default_factory=dict)


class ImportBatch:
    """Some products with their variants; what is loaded is held until the transaction ends."""

    def __init__(self, skus: Sequence[str], handles: Sequence[str]) -> None:
        """Load the products of these SKUs and handles, as far as they exist."""
        self.by_handle: dict[str, BatchProduct] = {}
        self.by_sku: dict[str, BatchVariant] = {}
        self._categories: dict[str, UUID] = {}
        self._load({"skus": list(skus), "handles": list(handles)})
        self._before = self._state()

    def add_product(self, handle: str | None) -> BatchProduct:
        """A product to be created."""
        return self._named(BatchProduct(handle=handle))

    def add_variant(self, sku: str, product: BatchProduct) -> BatchVariant:
        """A variant to be created."""
        variant = self.by_sku[sku] = BatchVariant(sku, product)
        return variant

    def category_id(self, path: Sequence[tuple[str, str]]) -> UUID:
        """The category at a path of (slug, name) from the root down; made if there is none."""
        key = "/".join(slug for slug, _ in path)
        if key not in self._categories:
            self._categories[key] = Category.make_sure_of(path)
        return self._categories[key]

    def write(self) -> None:
        """Write all that differs from what was loaded, but the levels; Clash."""
        before, now = self._before, self._state()
        try:
            _write(queries.NEW_PRODUCTS, _new(now.products, before.products))
            _write(queries.CHANGED_PRODUCTS, _changed(now.products, before.products))
            _write(queries.NEW_VARIANTS, _new(now.variants, before.variants))
            _write(queries.CHANGED_VARIANTS, _changed(now.variants, before.variants))
            _write(queries.ENDED_PRICES, _changed(now.prices, before.prices))
            _write(queries.NEW_PRICES, _different(now.prices, before.prices))
        except peewee.IntegrityError as error:
            raise Clash from error

    def changed_levels(self) -> dict[tuple[str, str], int]:
        """The units by SKU and warehouse that differ from what was loaded."""
        before, now = self._before.levels, self._state().levels
        return {key: units for key, units in now.items() if before.get(key) != units}

    def _load(self, wanted: Record) -> None:
        products: dict[UUID, BatchProduct] = {}
        for row in database.rows(queries.PRODUCTS, wanted):
            columns = {name: row[name] for name in BatchProduct.__dataclass_fields__}
            product = products.setdefault(row["id"], BatchProduct(**columns))
            self._named(product)
            if row["sku"] is not None:
                self.by_sku[row["sku"]] = BatchVariant(
                    row["sku"], product, row["variant_id"], row["name"], row["attributes"]
                )
        skus = {"skus": list(self.by_sku)}
        for row in database.rows(queries.PRICES, skus):
            self.by_sku[row["sku"]].prices[row["currency"]] = row["amount"]
        for row in database.rows(queries.LEVELS, skus):
            self.by_sku[row["sku"]].levels[row["warehouse"]] = row["on_hand"]

    def _named(self, product: BatchProduct) -> BatchProduct:
        if product.handle is not None:
            self.by_handle[product.handle] = product
        return product

    def _state(self) -> State:
        """Everything as it is now; attributes and images are replaced by others, never changed."""
        state = State()
        for sku, variant in self.by_sku.items():
            state.products[variant.product.id] = dict(vars(variant.product))
            state.variants[sku] = variant.record()
            for currency, amount in variant.prices.items():
                price = {"sku": sku, "currency": currency, "amount": amount}
                state.prices[sku, currency] = price
            state.levels |= {(sku, warehouse): units for warehouse, units in variant.levels.items()}
        return state


def _new(now: dict[Any, Record], before: dict[Any, Record]) -> list[Record]:
    return [record for key, record in now.items() if key not in before]


def _changed(now: dict[Any, Record], before: dict[Any, Record]) -> list[Record]:
    return [record for key, record in now.items() if key in before and before[key] != record]


def _different(now: dict[Any, Record], before: dict[Any, Record]) -> list[Record]:
    return [record for key, record in now.items() if before.get(key) != record]


def _write(statement: str, records: list[Record]) -> None:
    if records:
        database.run(statement, (jsonb(records),))
