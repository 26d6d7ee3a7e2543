"""What `orders repair` does with an order and its money: it goes on, or writes down what the gateway says.

Nothing here gives money back, and nothing captures twice: a payment intent's own state refuses that.
The order stays locked while the gateway is asked, so that nobody cancels a sale that is being captured.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from uuid import UUID

from store.orders.clients.payments import Intent, Payments
from store.orders.models.order import Order
from store.orders.models.payment import Payment
from store.orders.models.queries import order_for_update, overdue_for_update
from store.orders.models.states import REFUNDABLE, State, Step
from store.orders.models.tables import database
from store.orders.models.writes import Change, save_locked
from store.server.clock import now
from store.server.process.repairs import LeftAlone, Repair, StaleProposal

AT_WORK = "somebody is at work on it"


def repairs_with(payments: Payments) -> Mapping[str, Repair]:
    """By their names in proposals."""
    return {
        "make_due": make_due,
        "resume_refund": resume_refund,
        "capture_payment": partial(capture_payment, payments),
        "write_payment": partial(write_payment, payments),
    }


def make_due(order_id: str, step: str) -> str:
    """Let the next worker that looks take the order on, if it is still overdue at this step.

    A lease that ran out belongs to a process that died; a live one is respected.
    """
    with database.transaction():
        order = overdue_for_update(UUID(order_id))
        if order is None:
            raise LeftAlone(f"{AT_WORK}, or it is not overdue any more")
        if order.step != step:
            raise StaleProposal
        save_locked(order, Change(replace(order, attempts=0, lease=None)))
    return "it is due now"


def resume_refund(order_id: str) -> str:
    """Let a worker see to a refund that was promised and that nobody is seeing to."""
    with database.transaction():
        order = order_for_update(UUID(order_id))
        if order.step is not None:
            raise LeftAlone(AT_WORK)
        if order.next_refund is None:
            raise StaleProposal
        save_locked(order, Change(replace(order, step=Step.REPAY, attempts=0)))
    return "it is due now"


def capture_payment(
    payments: Payments, order_id: str, intent_id: str, amount: int, currency: str
) -> str:
    """Capture what a sold order was authorised for, to the penny, and write it down."""
    with database.transaction():
        order = _sale_for_update(order_id, intent_id, amount, currency)
        if any(refund.state != "failed" for refund in order.refunds):
            raise LeftAlone("it was refunded, and a capture would take the money again")
        intent = _payment_of(order, payments.look(intent_id))
        # The engine's own key first: a request of it that is still on its way is then this one.
        for capture in (payments.capture, payments.capture_anew):
            if intent.status != "requires_capture":
                break
            if (intent.capturable, intent.currency) != (amount, currency):
                raise LeftAlone("another amount was authorised")
            # Still ours: while the gateway is asked, the database may end a session that waits.
            _sale_for_update(order_id, intent_id, amount, currency)
            capture(order.id, intent_id)
            intent = payments.look(intent_id)
        _refuse_unpaid(intent, amount, currency)
        if order.step is None and not order.captured:
            _write(order, intent)
    return f"{amount} {currency} are captured"


def write_payment(
    payments: Payments, order_id: str, intent_id: str, amount: int, currency: str
) -> str:
    """Write down that the payment of a sold order was captured, as the gateway says."""
    with database.transaction():
        order = _sale_for_update(order_id, intent_id, amount, currency)
        if order.step is not None or order.captured:
            raise StaleProposal
        intent = _payment_of(order, payments.look(intent_id))
        _refuse_unpaid(intent, amount, currency)
        _write(order, intent)
    return f"orders says that {amount} {currency} were captured"


def _sale_for_update(order_id: str, intent_id: str, amount: int, currency: str) -> Order:
    """The order, if it was sold for this, and by no other payment."""
    order = order_for_update(UUID(order_id))
    known = order.payment and order.payment.intent_id
    cancelling = order.cancel_requested_at is not None and order.state == State.CONFIRMED
    sold = order.state in REFUNDABLE and order.ending is None and not cancelling
    if not sold or (order.total, order.currency) != (amount, currency):
        raise StaleProposal
    if known not in (None, intent_id):
        raise StaleProposal
    return order


def _payment_of(order: Order, intent: Intent) -> Intent:
    """The intent, if it was made for this order: the line may name that of another."""
    if intent.order_id != str(order.id):
        raise StaleProposal
    return intent


def _refuse_unpaid(intent: Intent, amount: int, currency: str) -> None:
    if (intent.status, intent.received, intent.currency) != ("succeeded", amount, currency):
        raise LeftAlone(f"the payment is {intent.status}")


def _write(order: Order, intent: Intent) -> None:
    asked = order.payment or Payment(intent.received, "asked", now())
    save_locked(order, Change(replace(order, payment=asked.as_described(intent))))
