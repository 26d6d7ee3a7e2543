"""What the shop counts about its orders."""

from prometheus_client import Counter, Gauge, Histogram

from store.orders.models import Order
from store.orders.states import State

ORDERS = Counter("orders_total", "Orders that have reached a state.", ("state", "reason"))
ATTEMPTS = Counter(
    "order_step_attempts_total", "Attempts at a step, by what came of them.", ("step", "outcome")
)
CAPTURED = Counter("orders_captured_minor_units_total", "Money taken.", ("currency",))
REFUNDED = Counter("orders_refunded_minor_units_total", "Money given back.", ("currency",))
PAYMENTS = Counter(
    "order_payments_total", "Payments by how they ended.", ("outcome", "decline_code")
)
SECONDS_TO_CONFIRM = Histogram(
    "order_seconds_to_confirm",
    "Seconds from placing an order to its confirmation.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900),
)
DUE = Gauge("orders_due", "Orders whose next step may be tried now, as a worker last saw it.")
OLDEST_PENDING = Gauge(
    "orders_oldest_pending_seconds",
    "Age of the oldest order on its way, as a worker last saw it.",
)
WEBHOOKS = Counter("payment_webhooks_total", "Webhooks from the gateway.", ("type", "outcome"))
STREAMS = Gauge("order_event_streams", "Live timelines that are open.")


def count_move(before: Order, after: Order) -> None:
    """Count what a saved change means for the business."""
    if after.state != before.state:
        ORDERS.labels(after.state, after.reason or "").inc()
        if after.state == State.CONFIRMED:
            waited = after.updated_at - after.created_at
            SECONDS_TO_CONFIRM.observe(max(0.0, waited.total_seconds()))
    if after.captured > before.captured:
        CAPTURED.labels(after.currency).inc(after.captured - before.captured)
    if after.refunded > before.refunded:
        REFUNDED.labels(after.currency).inc(after.refunded - before.refunded)
    _count_payment(before, after)


def _count_payment(before: Order, after: Order) -> None:
    old, new = before.payment, after.payment
    if new is None or (old is not None and old.status == new.status):
        return
    if new.status in ("succeeded", "requires_action", "canceled", "requires_payment_method"):
        PAYMENTS.labels(new.status, new.decline_code or "").inc()
