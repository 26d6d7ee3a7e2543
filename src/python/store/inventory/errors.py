"""What can go wrong in inventory, in the shop's words.

NotFound                       Conflict
├── UnknownProduct             ├── SkuTaken, HandleTaken, CategoryExists
├── UnknownSku                 ├── CategoryInUse, CategoryBelowItself
├── UnknownPrice               ├── PricesOverlap, PriceIsHistory
├── UnknownCategory            ├── OutOfStock, NotForSale
├── UnknownReservation         ├── ReservationReleased, ReservationDiffers
└── UnknownWarehouse           ├── WarehouseExists, AlreadyBooked
Forbidden                      └── UnitsReserved
└── StaffOnly
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


class OutOfStock(Conflict):
    """There is less left of a SKU, over all warehouses, than was asked for."""

    code = "out_of_stock"

    def __init__(self, sku: str, left: int) -> None:
        super().__init__(f"Only {left} of {sku} left.", sku=sku, left=left)


class NotForSale(Conflict):
    """The SKU is retired, not published as yet, or has no price in the currency asked for."""

    code = "not_for_sale"

    def __init__(self, sku: str) -> None:
        super().__init__(f"{sku} is not for sale in this currency.", sku=sku)


class ReservationReleased(Conflict):
    """What the order held or had bought has been given back, for good."""

    code = "reservation_released"

    def __init__(self, order_id: UUID) -> None:
        super().__init__(
            f"The reservation of order {order_id} has been released.",
            order_id=str(order_id),
        )


class ReservationDiffers(Conflict):
    """The order has a reservation already, of other lines or in another currency."""

    code = "reservation_differs"
    rpc_code = "ALREADY_EXISTS"

    def __init__(self, order_id: UUID) -> None:
        super().__init__(
            f"Order {order_id} has a reservation of other lines.", order_id=str(order_id)
        )


class UnknownReservation(NotFound):
    """Nothing was ever reserved for this order."""

    code = "unknown_reservation"

    def __init__(self, order_id: UUID) -> None:
        super().__init__(f"There is no reservation of order {order_id}.", order_id=str(order_id))


class UnknownWarehouse(NotFound):
    """No warehouse has this code."""

    code = "unknown_warehouse"

    def __init__(self, warehouse: str) -> None:
        super().__init__(f"There is no warehouse {warehouse}.", warehouse=warehouse)


class WarehouseExists(Conflict):
    """Another warehouse has this code."""

    code = "warehouse_exists"

    def __init__(self, warehouse: str) -> None:
        super().__init__(f"There is a warehouse {warehouse} already.", warehouse=warehouse)


class AlreadyBooked(Conflict):
    """This reference has been booked on the shelf before, with another quantity."""

    code = "already_booked"

    def __init__(self, reference: str, sku: str) -> None:
        super().__init__(
            f"{reference} has been booked for {sku} with another quantity: "
            "correct it by a movement with a reference of its own.",
            reference=reference,
            sku=sku,
        )


class UnitsReserved(Conflict):
    """The movement would take units that are not there, or are held for orders."""

    code = "units_reserved"

    def __init__(self, sku: str, warehouse: str) -> None:
        super().__init__(
            f"{warehouse} would be left with fewer units of {sku} than it holds for orders.",
            sku=sku,
            warehouse=warehouse,
        )
