"""Money on its way back to buyers."""

from datetime import datetime

from store.audit.cases.case import Case, is_at_rest
from store.audit.checks.check import Check
from store.audit.checks.findings import Difference
from store.audit.checks.proposals import RESUME_REFUND, propose

UNLIKE = (
    "Orders and gateway name different refunds, and either may be the one the buyer was promised: "
    "compare both lists, then refund at the gateway what is owed."
)


def refunds_agree(case: Case, _before: datetime) -> Difference | None:
    """Orders and the gateway know of the same refunds, and neither waits for one alone."""
    order = case.order
    if order is None:
        return None
    ours = (order.refunded, order.refunds_pending)
    own = [intent for intent in case.intents if intent.id == order.intent_id]
    theirs = (
        sum(intent.refunded for intent in own),
        any(intent.refunds_pending for intent in own),
    )
    if ours == theirs:
        return None
    # A refund that orders has promised is looked up or asked for by its own key, so never made twice.
    proposals = (propose(RESUME_REFUND, order_id=case.order_id),) if order.refunds_pending else ()
    found = f"at the gateway {_refunds(*theirs)}"
    return Difference(_refunds(*ours), found, proposals, "" if proposals else UNLIKE)


def _refunds(amount: int, pending: bool) -> str:
    return f"{amount} refunded" + (", more on its way" if pending else "")


def refunds_within_capture(case: Case, _before: datetime) -> Difference | None:
    """No payment gives back more than it took, and orders promises no more."""
    wrong = [
        f"{i.refunds_asked} of {i.received} ({i.id})"
        for i in case.intents
        if i.refunds_asked > i.received
    ]
    order = case.order
    if order and order.refunds_asked > order.captured:
        wrong.append(f"{order.refunds_asked} of {order.captured} (in orders)")
    if not wrong:
        return None
    person = "What was paid out is gone: find out who asked for it, and settle it with the buyer."
    return Difference("no more than was captured", ", ".join(wrong), person=person)


CHECKS = (
    Check(
        "refunds are the same on both sides",
        "The buyer was promised money that is not on its way, or got some that nobody promised.",
        is_at_rest,
        refunds_agree,
    ),
    Check(
        "refunds do not exceed the capture",
        "More was given back, or promised, than was ever taken: the shop loses the difference.",
        lambda case: case.order is not None or bool(case.intents),
        refunds_within_capture,
    ),
)
