"""What `inventory repair` does: reservations that their orders disagree with, and levels that drifted.

An order that was sold or came to nothing stays so, and a sale that is undone later releases its
reservation: so to look at the reservation anew is enough.
"""

from collections.abc import Callable, Mapping
from uuid import UUID

from store.inventory.models.reservations import Reservation, state_for_update
from store.inventory.models.stock_levels import correct_reserved as make_correction
from store.inventory.models.tables import database
from store.inventory.reservations import lifecycle
from store.inventory.reservations.batcher import serve_alone
from store.server.errors import StoreError
from store.server.process.repairs import LeftAlone, Repair, StaleProposal

REASON = "audit"
"""It stands in the ledger, and with a correction."""


def commit_stock(order_id: str) -> str:
    """Sell what a sold order holds, or held: then it is taken again, if the units are still there."""
    sold = UUID(order_id)
    return _moved(sold, {"held", "expired"}, lambda: lifecycle.commit(serve_alone, sold))


def release_stock(order_id: str, state: str) -> str:
    """Give back what is kept for an order that came to nothing, if it is still kept as it was."""
    ended = UUID(order_id)
    kept = {state} & {"held", "committed"}
    return _moved(ended, kept, lambda: lifecycle.release(serve_alone, ended, REASON))


def correct_reserved(sku: str, warehouse: str) -> str:
    """Make what a shelf has reserved the sum of the lines that are held there."""
    with database.transaction():
        correction = make_correction(sku, warehouse, REASON)
        if correction is None:
            raise StaleProposal
        before, after = correction
        if before == after:
            raise LeftAlone("it is right by now")
    return f"{after} are reserved"


def _moved(order_id: UUID, states: set[str], move: Callable[[], Reservation]) -> str:
    with database.transaction():
        if state_for_update(order_id) not in states:
            raise StaleProposal
        try:
            return f"the reservation is {move().state}"
        except StoreError as error:
            # Such as out_of_stock: the units were sold to somebody else, and no program makes new ones.
            raise LeftAlone(f"inventory says {error.code}: {error.detail}") from None


REPAIRS: Mapping[str, Repair] = {
    "commit_stock": commit_stock,
    "release_stock": release_stock,
    "correct_reserved": correct_reserved,
}
