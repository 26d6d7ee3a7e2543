"""What can go wrong in inventory, in the shop's words.

NotFound                       Conflict
├── UnknownProduct             ├── SkuTaken, HandleTaken, CategoryExists
├── UnknownSku                 ├── CategoryInUse, CategoryBelowItself
├── UnknownPrice               ├── PricesOverlap
└── UnknownCategory            └── PriceIsHistory
"""

from uuid import UUID

from store.server.errors import Conflict, Forbidden, NotFound


class UnknownProduct(NotFound):
    """No product has this id, or the caller may not see it."""

    code = "unknown_product"

    def __init__(self, product_id: UUID) -> None:
        super().__init__(f"There is no product {product_id}.", product_id=str(product_id))


class UnknownSku(NotFound):
    """No variant has this SKU."""

    code = "unknown_sku"

    def __init__(self, sku: str) -> None:
        super().__init__(f"There is no variant with SKU {sku}.", sku=sku)


class UnknownCategory(NotFound):
    """No category has this id or path."""

    code = "unknown_category"

    def __init__(self, category: UUID | str) -> None:
        super().__init__(f"There is no category {category}.", category=str(category))


class UnknownPrice(NotFound):
    """No price has this id."""

    code = "unknown_price"

    def __init__(self, price_id: UUID) -> None:
        super().__init__(f"There is no price {price_id}.", price_id=str(price_id))


class SkuTaken(Conflict):
    """Another variant has this SKU."""

    code = "sku_taken"

    def __init__(self, sku: str) -> None:
        super().__init__(f"SKU {sku} belongs to another variant.", sku=sku)


class HandleTaken(Conflict):
    """Another product has this handle."""

    code = "handle_taken"

    def __init__(self, handle: str) -> None:
        super().__init__(f"The handle {handle} belongs to another product.", handle=handle)


class CategoryExists(Conflict):
    """The parent has a category of this slug already."""

    code = "category_exists"

    def __init__(self, slug: str) -> None:
        super().__init__(f"There is a category {slug} at this place already.", slug=slug)


class CategoryInUse(Conflict):
    """The category holds products or other categories."""

    code = "category_in_use"

    def __init__(self, path: str) -> None:
        super().__init__(
            f"Category {path} holds products or categories; move them first.", category=path
        )


class CategoryBelowItself(Conflict):
    """A category cannot be moved below itself."""

    code = "category_below_itself"

    def __init__(self, path: str) -> None:
        super().__init__(f"Category {path} cannot be moved below itself.", category=path)


class PricesOverlap(Conflict):
    """The SKU has another price in this currency in a part of that time."""

    code = "prices_overlap"

    def __init__(self, sku: str, currency: str) -> None:
        super().__init__(
            f"{sku} has another {currency} price in that time; end it first, or send replace: true.",
            sku=sku,
            currency=currency,
        )


class PriceIsHistory(Conflict):
    """A price that has been in force cannot be made never to have been."""

    code = "price_is_history"

    def __init__(self, price_id: UUID) -> None:
        super().__init__(
            "Prices that have been in force are kept: end this one instead.", price_id=str(price_id)
        )


class StaffOnly(Forbidden):
    """Only staff may ask for this."""

    code = "staff_only"
