"""What `gateway repair` does: it lets go of money that nobody will capture."""

from collections.abc import Callable

from store.gateway.errors import GatewayError
from store.gateway.models.tables import database
from store.gateway.use_cases.attempts import locked_payment
from store.gateway.use_cases.payments import cancel
from store.gateway.use_cases.unit_of_work import UnitOfWork
from store.server.process.repairs import LeftAlone, StaleProposal


def cancel_payment(
    begin: Callable[[], UnitOfWork], order_id: str, intent_id: str, status: str
) -> str:
    """Cancel a payment of this order that still has this status; LeftAlone if it has moved on.

    What was captured is refused. The event is published as that of any other cancellation.
    """
    unit = begin()
    try:
        with database.transaction():
            intent, _ = locked_payment(intent_id)
            if (intent.metadata.get("order_id"), intent.status) != (order_id, status):
                raise StaleProposal
            cancel(intent_id, unit, reason=None)
            unit.save()
    except GatewayError as refused:
        raise LeftAlone(
            f"the gateway refuses: {refused.error.get('code', refused.detail)}"
        ) from None
    return "the payment is canceled"
