"""What must be true of every order. To add a check, write a function and name it in CHECKS.

A check gets a case it concerns, and the time before which everything should have settled; it answers
the difference between what should be and what is, or None. It never sees cases that changed since.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from store.proof.audit.cases import ENDED, ON_ITS_WAY, SOLD, Case
from store.proof.audit.findings import Difference

# With these a payment neither holds the buyer's money nor can begin to.
WITHOUT_MONEY = frozenset({"canceled", "requires_payment_method"})


@dataclass(frozen=True)
class Check:
    """A name for people, which cases it concerns, and how to judge one."""

    name: str
    concerns: Callable[[Case], bool]
    judge: Callable[[Case, datetime], Difference | None]


def is_known(case: Case) -> bool:
    return case.order is not None


def is_sold(case: Case) -> bool:
    return case.state in SOLD


def has_ended(case: Case) -> bool:
    return case.state in ENDED


def is_orphan(case: Case) -> bool:
    """Inventory or the gateway knows it; whether orders does is what is judged."""
    return case.stock is not None or bool(case.intents)


def finished_in_time(case: Case, before: datetime) -> Difference | None:
    """Nothing hangs: what is still to do is not overdue."""
    order = case.order
    if order is None or order.step is None or order.due_at >= before:
        return None
    due = f"{order.due_at:%Y-%m-%d %H:%M:%S} UTC"
    kind = "final" if order.state in ON_ITS_WAY else "settled"
    return Difference(f"{kind} by {due}", f"{order.state}, still to do: {order.step}")


def paid_once(case: Case, _before: datetime) -> Difference | None:
    """Exactly one capture, of exactly the order's amount, and no other hold on the buyer's money."""
    order = case.order
    if order is None:
        return None
    live = [intent for intent in case.intents if intent.status not in WITHOUT_MONEY]
    found = ", ".join(f"{i.received} {i.currency} ({i.id}, {i.status})" for i in live)
    wanted = [(order.total, order.total, order.currency, "succeeded")]
    if [(i.received, i.charged, i.currency, i.status) for i in live] == wanted:
        return None
    expected = f"one capture of {order.total} {order.currency}"
    return Difference(expected, found or "no capture")


def stock_taken(case: Case, _before: datetime) -> Difference | None:
    """Its reservation is committed, with the order's lines, and so booked in the ledger."""
    if case.order is None:
        return None
    wanted = ("committed", case.order.lines, case.order.lines)
    stock = case.stock
    found = (stock.state, stock.lines, stock.sold) if stock else ("no reservation", "", "")
    if found == wanted:
        return None
    return Difference(
        f"committed: {case.order.lines}",
        f"{found[0]}: {found[1] or 'nothing'}; in the ledger: {found[2] or 'nothing'}",
    )


def no_money_kept(case: Case, _before: datetime) -> Difference | None:
    """No authorisation is left open, and all that was captured was given back."""
    kept = [i for i in case.intents if _may_hold(i.status) or i.holds]
    if not kept:
        return None
    found = ", ".join(f"{i.id} {i.status}, {i.holds} {i.currency} kept" for i in kept)
    return Difference(f"no money ({case.state})", found)


def _may_hold(status: str) -> bool:
    return status not in WITHOUT_MONEY and status != "succeeded"


def no_stock_kept(case: Case, _before: datetime) -> Difference | None:
    """Nothing is reserved for it any more, and whatever had left the shelf is back."""
    stock = case.stock
    if stock is None or (stock.state in {"released", "expired"} and not stock.sold):
        return None
    found = f"{stock.state}: {stock.lines}; in the ledger: {stock.sold or 'nothing'}"
    return Difference(f"no stock ({case.state})", found)


def refunds_agree(case: Case, _before: datetime) -> Difference | None:
    """Orders and the gateway know of the same refunds, and neither waits for one alone."""
    if case.order is None:
        return None
    ours = (case.order.refunded, case.order.refunds_pending)
    theirs = (
        sum(intent.refunded for intent in case.intents),
        any(intent.refunds_pending for intent in case.intents),
    )
    return (
        None if ours == theirs else Difference(_refunds(ours), f"at the gateway {_refunds(theirs)}")
    )


def _refunds(known: tuple[int, bool]) -> str:
    amount, pending = known
    return f"{amount} refunded" + (", more on its way" if pending else "")


def payment_agrees(case: Case, _before: datetime) -> Difference | None:
    """What orders wrote down about its payment is what the gateway says."""
    if case.order is None:
        return None
    ours = (case.order.intent_id, case.order.captured)
    known = {intent.id: intent.received for intent in case.intents}
    if ours[0] is None:
        return Difference("no payment", ", ".join(known)) if any(known.values()) else None
    if known.get(ours[0]) == ours[1]:
        return None
    return Difference(
        f"{ours[0]} captured {ours[1]}", f"{known.get(ours[0], 'unknown')} at the gateway"
    )


def prices_add_up(case: Case, _before: datetime) -> Difference | None:
    """The total is the sum of the lines, and what inventory had quoted."""
    order, stock = case.order, case.stock
    if order is None or stock is None:
        return None
    if order.total == order.lines_total == stock.total:
        return None
    return Difference(
        f"a total of {order.total}", f"lines of {order.lines_total}, reserved for {stock.total}"
    )


def has_an_order(case: Case, _before: datetime) -> Difference | None:
    """No payment and no reservation without an order."""
    if case.order is not None:
        return None
    parts = [f"{i.id} ({i.status}, {i.received} {i.currency})" for i in case.intents]
    if case.stock:
        parts.append(f"reservation {case.stock.state}: {case.stock.lines or case.stock.sold}")
    return Difference("an order", "; ".join(parts))


CHECKS = (
    Check("every order is final, or not yet due", is_known, finished_in_time),
    Check("a sold order was captured once, in full", is_sold, paid_once),
    Check("a sold order has its stock, committed and booked", is_sold, stock_taken),
    Check("a sold order costs what its lines do", is_sold, prices_add_up),
    Check("a rejected or cancelled order holds no money", has_ended, no_money_kept),
    Check("a rejected or cancelled order holds no stock", has_ended, no_stock_kept),
    Check("refunds are the same on both sides", is_known, refunds_agree),
    Check("orders and gateway agree on the payment", is_known, payment_agrees),
    Check("no payment or reservation without an order", is_orphan, has_an_order),
)
