"""The money of every order: once, in full, and never kept for nothing."""

from collections.abc import Sequence
from datetime import datetime

from store.audit.cases.case import Case, GatewayPayment, Order, has_ended, is_at_rest, is_sold
from store.audit.checks.check import Check
from store.audit.checks.findings import Difference
from store.audit.checks.proposals import (
    CANCEL_PAYMENT,
    CAPTURE_PAYMENT,
    WRITE_PAYMENT,
    Proposal,
    RepairKind,
    propose,
)

BY_HAND = (
    "Money moved in a way no rule foresees: look the payments up at the gateway, then capture, cancel "
    "or refund there what the buyer owes or is owed."
)
GIVE_BACK = (
    "A refund cannot be taken back, and only people know what else was agreed or sent: refund it at "
    "the gateway unless the goods went out."
)


def paid_once(case: Case, _before: datetime) -> Difference | None:
    """Exactly one capture, of exactly the order's amount, and no other hold on the buyer's money."""
    order = case.order
    if order is None:
        return None
    live = _live(case, order)
    paid = [intent for intent in live if _pays(intent, order)]
    if len(paid) == len(live) == 1:
        return None
    expected = f"one capture of {order.total} {order.currency}"
    found = ", ".join(map(str, live)) or "no capture"
    proposals = _settling(order, live, paid)
    return Difference(expected, found, proposals, "" if proposals else BY_HAND)


def _live(case: Case, order: Order) -> list[GatewayPayment]:
    """The payments that count: its own, and any other that holds the buyer's money."""
    return [i for i in case.intents if i.is_open or i.holds or i.id == order.intent_id]


def _pays(intent: GatewayPayment, order: Order) -> bool:
    captured = (intent.received, intent.charged, intent.currency, intent.status)
    return captured == (order.total, order.total, order.currency, "succeeded")


def _settling(
    order: Order, live: list[GatewayPayment], paid: list[GatewayPayment]
) -> tuple[Proposal, ...]:
    rest = [intent for intent in live if intent not in paid]
    if len(paid) == 1 and all(intent.is_open for intent in rest):
        return tuple(_cancel(order.order_id, intent) for intent in rest)
    if len(live) == 1 and _would_pay(live[0], order) and not order.refunds_asked:
        return (_of_sale(CAPTURE_PAYMENT, order, live[0]),)
    return ()


def _of_sale(kind: RepairKind, order: Order, intent: GatewayPayment) -> Proposal:
    return propose(
        kind,
        order_id=order.order_id,
        intent_id=intent.id,
        amount=order.total,
        currency=order.currency,
    )


def _would_pay(intent: GatewayPayment, order: Order) -> bool:
    authorised = (intent.amount, intent.currency, intent.status)
    ours = order.intent_id in (None, intent.id)
    return ours and authorised == (order.total, order.currency, "requires_capture")


def _cancel(order_id: str, intent: GatewayPayment) -> Proposal:
    return propose(CANCEL_PAYMENT, order_id=order_id, intent_id=intent.id, status=intent.status)


def charged_once(case: Case, _before: datetime) -> Difference | None:
    """Of all payments of an order, whatever became of it, one at most keeps the buyer's money."""
    keeping = [intent for intent in case.intents if intent.holds > 0]
    if len(keeping) < 2:
        return None
    person = (
        "Which of them the buyer meant is not written anywhere: refund the others at the gateway."
    )
    return Difference("one capture at most", ", ".join(map(str, keeping)), person=person)


def within_the_authorisation(case: Case, _before: datetime) -> Difference | None:
    """No payment took more than was authorised, or took it more than once."""
    wrong = [
        f"{i.id}: {i.charged} of {i.authorised} captured in {i.charges} charges, {i.received} received"
        for i in case.intents
        if i.charges > 1 or i.received != i.charged or i.charged > min(i.amount, i.authorised)
    ]
    if not wrong:
        return None
    expected = "one charge, captured for what was authorised at most"
    return Difference(expected, "; ".join(wrong), person=BY_HAND)


def no_money_kept(case: Case, _before: datetime) -> Difference | None:
    """No authorisation is left open, and all that was captured was given back."""
    holding = [intent for intent in case.intents if intent.is_open or intent.holds]
    if case.order is None or not holding:
        return None
    found = ", ".join(f"{i.id} {i.status}, {i.holds} {i.currency} kept" for i in holding)
    return Difference(f"no money ({case.order.state})", found, *letting_go(holding))


def letting_go(holding: Sequence[GatewayPayment]) -> tuple[tuple[Proposal, ...], str]:
    """How to let go of payments, and what to say of those that were captured."""
    proposals = tuple(_cancel(i.order_id, i) for i in holding if i.is_open)
    return proposals, GIVE_BACK if any(intent.holds for intent in holding) else ""


def payment_agrees(case: Case, _before: datetime) -> Difference | None:
    """What orders wrote down about its payment is what the gateway says."""
    order = case.order
    if order is None:
        return None
    received = {intent.id: intent.received for intent in case.intents}
    if order.intent_id is None:
        agreed = not any(intent.holds for intent in case.intents)
    else:
        agreed = received.get(order.intent_id) == order.captured
    if agreed:
        return None
    ours = f"{order.intent_id} captured {order.captured}" if order.intent_id else "no payment"
    theirs = ", ".join(map(str, case.intents)) or "no payment"
    proposals = _agreeing(case, order)
    return Difference(ours, f"{theirs} at the gateway", proposals, "" if proposals else BY_HAND)


def _agreeing(case: Case, order: Order) -> tuple[Proposal, ...]:
    live = _live(case, order)
    if not is_sold(case) or len(live) != 1 or order.intent_id not in (None, live[0].id):
        return ()
    if _pays(live[0], order) and not order.captured:
        return (_of_sale(WRITE_PAYMENT, order, live[0]),)
    return _settling(order, live, [])


CHECKS = (
    Check(
        "a sold order was captured once, in full",
        "The buyer has a sale without exactly its price taken, or has money held back beside it.",
        is_sold,
        paid_once,
    ),
    Check(
        "nobody was charged twice for an order",
        "The buyer has paid for one order more than once: he will ask for his money, and is right.",
        lambda case: bool(case.intents),
        charged_once,
    ),
    Check(
        "a payment takes no more than was authorised",
        "The gateway took more than the buyer agreed to, or contradicts itself about what it took.",
        lambda case: bool(case.intents),
        within_the_authorisation,
    ),
    Check(
        "a rejected or cancelled order holds no money",
        "The order came to nothing, and yet its buyer's money is held or was kept.",
        has_ended,
        no_money_kept,
    ),
    Check(
        "orders and gateway agree on the payment",
        "What staff and buyers read in orders about the payment is not what happened to it.",
        is_at_rest,
        payment_agrees,
    ),
)
