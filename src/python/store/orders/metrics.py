"""What the shop counts about its orders.

Everything is counted once, by the process that wrote it, when it is committed: so the counters of
all processes together are what the database says. Two exceptions, both after PostgreSQL itself has
died: a commit whose answer was lost is not counted, and what the database forgot in its crash is
counted again when it is done again (`writes.py` says what nobody waits for).

Labels are words of ours. What comes from outside is `other`, unless it is on a list of ours.
"""

from dataclasses import dataclass
from functools import cache
from itertools import product

from prometheus_client import Counter, Gauge, Histogram

from store.metrics.ages import SeenAge
from store.metrics.exemplars import exemplar
from store.orders.clients.decline_codes import DECLINE_CODES, OTHER, known_code
from store.orders.models.order import Order
from store.orders.models.states import ENDINGS, Reason, State, Step
from store.server.money import CURRENCIES

BACKLOG_INTERVAL_SECONDS = 5.0
"""How often a worker reads what waits, and publishes it."""

ORDERS = Counter(
    "orders_total",
    "Orders by the state they came to; pending is the placing. An order counts once for a state.",
    ("state", "reason"),
)
ATTEMPTS = Counter(
    "order_step_attempts_total", "Attempts at a step, by what came of them.", ("step", "outcome")
)
STEP_SECONDS = Histogram(
    "order_step_duration_seconds",
    "Seconds that an attempt at a step took, with all its calls.",
    ("step",),
    # A call to the gateway may take 8 s; after 30 s somebody else may take the order.
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 8, 15, 30),
)
CAPTURED = Counter("orders_captured_minor_units_total", "Money taken.", ("currency",))
REFUNDED = Counter(
    "orders_refunded_minor_units_total",
    "Money given back; what a bank returns later and we give back anew counts again.",
    ("currency",),
)
PAYMENTS = Counter(
    "order_payments_total",
    "Payments by how they ended: succeeded, declined, or canceled, which is let go for another reason.",
    ("outcome", "decline_code"),
)
SECONDS_TO_CONFIRM = Histogram(
    "order_seconds_to_confirm",
    "Seconds from placing an order to its confirmation, a buyer's time at the bank included.",
    # Fine where most orders are and around the second that is promised; then what a request waits
    # (8 s), how long a lease of somebody who died lasts (30 s), and for how long stock is held.
    buckets=(0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2.5, 5, 8, 15, 30, 60, 300, 900),
)
WEBHOOKS = Counter(
    "payment_webhooks_total",
    "Webhooks from the gateway: new ones, and duplicates of one heard before.",
    ("type", "outcome"),
)
STREAMS = Gauge("order_event_streams", "Live timelines that are open.")

OUTCOMES = ("done", "refused", "unknown", "waiting")
_TYPES = """
payment_intent.created payment_intent.requires_action payment_intent.amount_capturable_updated
payment_intent.processing payment_intent.payment_failed payment_intent.succeeded
payment_intent.canceled refund.created refund.updated refund.failed charge.refund.updated
"""
WEBHOOK_TYPES = frozenset(_TYPES.split())
COMMON_CURRENCIES = ("EUR", "GBP", "USD")
"""Shown from the start; any other from its first payment."""


def count_placed(order: Order) -> None:
    """Count an order that has been placed."""
    ORDERS.labels(order.state, "").inc()


def count_change(before: Order, after: Order) -> None:
    """Count what a saved change means for the business."""
    # An order comes back to pending from its buyer's bank, but it was placed only once.
    if after.state not in (before.state, State.PENDING):
        ORDERS.labels(after.state, after.reason if after.state in ENDINGS else "").inc()
        if after.state == State.CONFIRMED:
            waited = after.updated_at - after.created_at
            SECONDS_TO_CONFIRM.observe(max(0.0, waited.total_seconds()), exemplar())
    if after.captured > before.captured:
        CAPTURED.labels(_currency(after)).inc(after.captured - before.captured)
    if after.refunded > before.refunded:
        REFUNDED.labels(_currency(after)).inc(after.refunded - before.refunded)
    if (end := _payment_ended(after)) and _payment_ended(before) is None:
        PAYMENTS.labels(*end).inc()


def count_attempt(step: Step, outcome: str, seconds: float) -> None:
    """Count an attempt at a step."""
    ATTEMPTS.labels(step, outcome).inc()
    STEP_SECONDS.labels(step).observe(seconds)


def count_webhook(kind: str, *, is_new: bool) -> None:
    """Count a webhook that was taken down."""
    known = kind if kind in WEBHOOK_TYPES else OTHER
    WEBHOOKS.labels(known, "new" if is_new else "duplicate").inc()


@dataclass(frozen=True)
class BacklogGauges:
    """What a worker publishes of what waits."""

    due: Gauge
    in_progress: Gauge
    oldest_pending: SeenAge


@cache
def backlog_gauges() -> BacklogGauges:
    """The gauges of a worker. A process that has none does not show them: it would show zeros."""
    seen = f"as this worker saw it in the last {BACKLOG_INTERVAL_SECONDS:.0f} s; each reports all orders."
    gauges = BacklogGauges(
        due=Gauge("orders_due", f"Orders whose next step may be tried now and is not, {seen}"),
        in_progress=Gauge("orders_in_progress", f"Orders on their way, {seen}", ("state",)),
        oldest_pending=SeenAge(
            "orders_oldest_pending_seconds",
            f"For how long the oldest pending order has been pending, {seen} Grows while it cannot look.",
            BACKLOG_INTERVAL_SECONDS,
        ),
    )
    for state in (State.PENDING, State.AWAITING_PAYMENT):
        gauges.in_progress.labels(state)
    return gauges


def _payment_ended(order: Order) -> tuple[str, str] | None:
    """How the order's payment has ended, as labels; None while it has not, or there is none."""
    payment = order.payment
    if payment is None:
        return None
    if payment.captured:
        return ("succeeded", "")
    if payment.status != "canceled":
        return None
    if payment.decline_code or order.reason == Reason.PAYMENT_DECLINED:
        return ("declined", known_code(payment.decline_code))
    return ("canceled", "")


def _currency(order: Order) -> str:
    return order.currency if order.currency in CURRENCIES else OTHER


def _show_from_the_start() -> None:
    """Make every child that can be known, so that a rate sees the first event of each, too."""
    for state in State:
        for reason in ENDINGS.get(state, ("",)):
            ORDERS.labels(state, reason)
    for step, outcome in product(Step, OUTCOMES):
        ATTEMPTS.labels(step, outcome)
        STEP_SECONDS.labels(step)
    for currency in COMMON_CURRENCIES:
        CAPTURED.labels(currency)
        REFUNDED.labels(currency)
    for code in (*DECLINE_CODES, OTHER):
        PAYMENTS.labels("declined", code)
    for outcome in ("succeeded", "canceled"):
        PAYMENTS.labels(outcome, "")
    for kind, outcome in product((*WEBHOOK_TYPES, OTHER), ("new", "duplicate")):
        WEBHOOKS.labels(kind, outcome)


_show_from_the_start()
