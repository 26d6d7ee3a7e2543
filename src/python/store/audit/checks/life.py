"""The life of every order: it ends in time, tells its story, and nothing lives without one."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from store.audit.cases.case import ON_ITS_WAY, Case, GatewayPayment, Stock, is_known
from store.audit.checks.check import Check
from store.audit.checks.findings import Difference
from store.audit.checks.money import letting_go
from store.audit.checks.proposals import MAKE_DUE, RELEASE_STOCK, Proposal, propose

# What an order comes to, and so the events that say so; there is one of each.
OUTCOMES = frozenset({"confirmed", "rejected", "cancelled", "shipped", "delivered", "refunded"})
AFTER_A_SALE = frozenset({"shipped", "delivered", "refunded"})

HISTORY_STAYS = (
    "Subscribers may have heard what the events say, and history is not rewritten: find out from "
    "payments and stock what happened, and tell them."
)
WHOSE = (
    "Whose this is, no database says: ask the gateway's account and the backups (a restored database "
    "may have lost the order), then refund it or restore the order."
)


def finished_in_time(case: Case, before: datetime) -> Difference | None:
    """Nothing hangs: what is still to do is not overdue."""
    order = case.order
    if order is None or order.step is None or order.due_at >= before:
        return None
    due = f"{order.due_at:%Y-%m-%d %H:%M:%S} UTC"
    kind = "final" if order.state in ON_ITS_WAY else "settled"
    found = f"{order.state}, still to do: {order.step}"
    return Difference(
        f"{kind} by {due}", found, (propose(MAKE_DUE, order_id=case.order_id, step=order.step),)
    )


def events_numbered(case: Case, _before: datetime) -> Difference | None:
    """Its events are numbered from 1, without gaps."""
    if case.order is None:
        return None
    types = _types(case)
    if types and case.order.last_event == len(types):
        return None
    expected = f"events 1 to {max(case.order.last_event, 1)}"
    return Difference(expected, f"{len(types)} events", person=HISTORY_STAYS)


def events_tell(case: Case, _before: datetime) -> Difference | None:
    """Its events lead to the state it is in, and tell each outcome once."""
    order = case.order
    if order is None:
        return None
    types = _types(case)
    if types[:1] == ["order.placed"] and _state_after(types) == order.state:
        return None
    return Difference(
        f"events that lead to {order.state}", ", ".join(types) or "none", person=HISTORY_STAYS
    )


def _types(case: Case) -> list[str]:
    return case.order.events.split(",") if case.order and case.order.events else []


def _state_after(types: Sequence[str]) -> str | None:
    """The state that these events lead to; None if they contradict each other."""
    state, outcomes = "pending", list[str]()
    for what in (each.removeprefix("order.") for each in types if each.startswith("order.")):
        if what in OUTCOMES:
            outcomes.append(what)
        if what in OUTCOMES or what == "awaiting_payment":
            state = what
        elif state == "awaiting_payment" and what in {"authorised", "letting_go"}:
            state = "pending"
    distinct = set(outcomes)
    sold_unsaid = bool(distinct & AFTER_A_SALE) and "confirmed" not in distinct
    return None if sold_unsaid or len(distinct) < len(outcomes) else state


def has_an_order(case: Case, _before: datetime) -> Difference | None:
    """No money and no stock is kept without an order."""
    holding = [intent for intent in case.intents if intent.is_open or intent.holds]
    stock = case.stock if case.stock and case.stock.takes else None
    if case.order is not None or not (holding or stock):
        return None
    parts = [f"{i.id} ({i.status}, {i.received} {i.currency})" for i in holding]
    if stock:
        parts.append(f"reservation {stock.state}: {stock.shelves or stock.sold}")
    proposals, person = _without_order(case, holding, stock)
    return Difference("an order", "; ".join(parts), proposals, person)


def _without_order(
    case: Case, holding: Sequence[GatewayPayment], stock: Stock | None
) -> tuple[tuple[Proposal, ...], str]:
    """A hold that nobody will ever use is let go; what was taken for good is not ours to judge."""
    if not _is_uuid(case.order_id):
        return (), WHOSE
    proposals, _ = letting_go(holding)
    taken = any(intent.holds for intent in holding)
    if stock and stock.state == "held":
        proposals = (*proposals, propose(RELEASE_STOCK, order_id=case.order_id, state=stock.state))
    elif stock:
        taken = True
    return proposals, WHOSE if taken else ""


def _is_uuid(order_id: str) -> bool:
    try:
        return str(UUID(order_id)) == order_id
    except ValueError:
        return False


CHECKS = (
    Check(
        "every order is final, or not yet due",
        "An order takes longer than it may, and its buyer does not know whether he has bought. If a "
        "repair does not end it, the log of orders-work says what stops its step.",
        is_known,
        finished_in_time,
    ),
    Check(
        "an order's events are numbered without gaps",
        "The order's history has a hole: a subscriber waits for a number that will never come.",
        is_known,
        events_numbered,
    ),
    Check(
        "an order's events tell how it stands",
        "Whoever follows the events believes something else about the order than orders does.",
        is_known,
        events_tell,
    ),
    Check(
        "no money and no stock without an order",
        "Money or units are kept for an order that orders does not know.",
        lambda case: case.stock is not None or bool(case.intents),
        has_an_order,
    ),
)
