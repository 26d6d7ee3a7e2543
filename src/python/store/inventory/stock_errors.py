"""What can go wrong with stock, in the shop's words.

NotFound                       Conflict
├── UnknownReservation         ├── OutOfStock, NotForSale
└── UnknownWarehouse           ├── ReservationReleased, ReservationDiffers
                               ├── WarehouseExists, AlreadyBooked
                               └── UnitsReserved
"""

from uuid import UUID

from store.server.errors import Conflict, NotFound


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
