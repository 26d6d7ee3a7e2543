"""Stock: through inventory's own gRPC door, but for a level that no door leads to."""

from collections.abc import Callable
from dataclasses import dataclass

from store.audit.repairs.remedy import Hands, NotRepaired
from store.server.errors import StoreError

# Levels follow reservations by a trigger that refuses any other hand. It is set aside for this one
# statement, with all other writers locked out; so the sum is of what everybody has committed.
_ALONE = "LOCK TABLE stock IN EXCLUSIVE MODE"
_TRIGGER_OFF = "ALTER TABLE stock DISABLE TRIGGER written_by_triggers"
_CORRECT = """
UPDATE stock SET reserved = h.held FROM (
    SELECT coalesce(sum(quantity), 0) AS held
    FROM reservation_lines JOIN reservations USING (order_id)
    WHERE state = 'held' AND sku = %(sku)s AND warehouse = %(warehouse)s
) h
WHERE sku = %(sku)s AND warehouse = %(warehouse)s AND reserved <> h.held
RETURNING reserved
"""
_TRIGGER_ON = "ALTER TABLE stock ENABLE TRIGGER written_by_triggers"


@dataclass(frozen=True)
class ReleaseStock:
    """Gives back what is held for an order that came to nothing."""

    order_id: str

    @property
    def does(self) -> str:
        return f"release the stock of order {self.order_id} through inventory"

    def apply(self, hands: Hands) -> str:
        return _asked(lambda: hands.inventory.release(self.order_id, "audit"))


@dataclass(frozen=True)
class CommitStock:
    """Takes the stock of a sold order for good."""

    order_id: str

    @property
    def does(self) -> str:
        return f"commit the stock of order {self.order_id} through inventory"

    def apply(self, hands: Hands) -> str:
        return _asked(lambda: hands.inventory.commit(self.order_id))


@dataclass(frozen=True)
class CorrectReserved:
    """Makes what a shelf has reserved the sum of the lines held there."""

    sku: str
    warehouse: str

    @property
    def does(self) -> str:
        return f"set what {self.sku} in {self.warehouse} has reserved to the sum of its held lines"

    def apply(self, hands: Hands) -> str:
        with hands.shelves.transaction() as run:
            run(_ALONE)
            run(_TRIGGER_OFF)
            corrected = run(_CORRECT, sku=self.sku, warehouse=self.warehouse)
            run(_TRIGGER_ON)
        if not corrected:
            raise NotRepaired("it is right by now")
        return f"{corrected[0][0]} are reserved"


def _asked(call: Callable[[], str]) -> str:
    try:
        return f"the reservation is {call()}"
    except StoreError as error:
        # Such as out_of_stock: the units were sold to somebody else, and no program makes new ones.
        raise NotRepaired(f"inventory says {error.code}: {error.detail}") from None
