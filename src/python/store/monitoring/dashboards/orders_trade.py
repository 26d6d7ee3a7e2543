"""The numbers of the trade that orders does: orders, steps, money, webhooks."""

from store.monitoring.dashboards.colours import PAYMENTS, QUANTILES, STATES, STEP_OUTCOMES, WEBHOOKS
from store.monitoring.dashboards.layout import PanelRow
from store.monitoring.dashboards.limits import alarm
from store.monitoring.dashboards.links import runbooks
from store.monitoring.dashboards.panels import Panel, lines, stacked
from store.monitoring.dashboards.promql import (
    Query,
    most,
    per_minute,
    quantile,
    quantiles,
    share,
    total,
)
from store.monitoring.dashboards.units import (
    COUNT,
    PER_MINUTE,
    SECONDS,
    SHARE,
    STEPS,
)

_ALL = 'service="orders"'


def trade() -> PanelRow:
    """Of all replicas, since any of them may move any order."""
    return PanelRow(8, "Trade", [_orders(), _underway(), _steps(), _money(), _webhooks()])


def orders_by_state() -> Panel:
    """Every order that reached a state, by the state."""
    return lines(
        "Orders by state",
        "Confirmed follows pending closely; a gap that stays is orders that are not finished.",
        PER_MINUTE,
        Query("60 * store:orders:rate5m", "{{state}}"),
        colours=STATES,
        links=runbooks("CheckoutNotConfirming", "OrdersStuck"),
    )


def money_captured() -> Panel:
    return lines(
        "Money captured, in minor units",
        "In cents, or the smallest unit of the currency; it falls when the shop sells less or cannot charge.",
        PER_MINUTE,
        Query("60 * store:orders_captured_minor_units:rate5m", "{{currency}}"),
    )


def time_to_confirm() -> Panel:
    return lines(
        "Time to confirm",
        "From placing an order to its confirmation; above a second it is slower than promised, and after 8 s buyers get 202.",
        SECONDS,
        *quantiles("order_seconds_to_confirm", _ALL),
        colours=QUANTILES,
    )


def _orders() -> list[Panel]:
    return [
        orders_by_state(),
        lines(
            "Rejected by reason",
            "Out of stock is the warehouse, declined the buyer's bank, expired a step that took too long.",
            PER_MINUTE,
            Query("60 * store:orders_rejected:rate5m", "{{reason}}"),
        ),
        time_to_confirm(),
    ]


def _underway() -> list[Panel]:
    return [
        lines(
            "Orders in progress",
            "Pending orders wait for us, the others for their buyer; pending ones should be few.",
            COUNT,
            Query("store:orders_in_progress:max", "{{state}}"),
            colours=STATES,
        ),
        lines(
            "Orders due",
            "Orders whose next step is due and not taken yet; a queue that grows needs more workers.",
            COUNT,
            Query(most("orders_due", _ALL), "due"),
        ),
        lines(
            "Oldest pending order",
            "Beyond the line an order is stuck; the panels of steps below show which step fails.",
            SECONDS,
            Query("store:orders_oldest_pending_seconds:max", "age"),
            limit=alarm("OrdersStuck"),
            links=runbooks("OrdersStuck"),
        ),
        lines(
            "Live timelines",
            "Buyers who watch their order; each keeps a connection open.",
            COUNT,
            Query(total("order_event_streams", _ALL), "open"),
        ),
    ]


def _steps() -> list[Panel]:
    attempts, histogram = "order_step_attempts_total", "order_step_duration_seconds"
    return [
        stacked(
            "Step attempts by outcome",
            "Unknown ones got no definite answer and are tried again; refused ones end their order.",
            STEPS,
            Query("sum by (outcome) (store:order_step_attempts:rate5m)", "{{outcome}}"),
            colours=STEP_OUTCOMES,
        ),
        lines(
            "Unknown share by step",
            "Reserve, commit and release call inventory, all others the gateway: the step shows which of them fails.",
            SHARE,
            Query(share(attempts, _ALL, 'outcome="unknown"', "step"), "{{step}}"),
            links=runbooks("DependencyFailing", "RefundsFailing"),
        ),
        lines(
            "Attempt duration, p99",
            "The slowest step is what buyers wait for.",
            SECONDS,
            Query(quantile(0.99, histogram, _ALL, "step"), "{{step}}"),
        ),
    ]


def _money() -> list[Panel]:
    declines = per_minute("order_payments_total", f'{_ALL},decline_code!=""', "decline_code")
    return [
        money_captured(),
        lines(
            "Money refunded, in minor units",
            "In cents, or the smallest unit of the currency; a jump is staff who refund, or a mistake.",
            PER_MINUTE,
            Query("60 * store:orders_refunded_minor_units:rate5m", "{{currency}}"),
        ),
        stacked(
            "Payments by outcome",
            "Red is declined: some are usual, but if most are declined the gateway has a problem.",
            PER_MINUTE,
            Query("60 * store:order_payments:rate5m", "{{outcome}}"),
            colours=PAYMENTS,
        ),
        lines(
            "Declines by code",
            "If one code rises alone, such as fraud, ask the payment provider.",
            PER_MINUTE,
            Query(declines, "{{decline_code}}"),
        ),
    ]


def _webhooks() -> list[Panel]:
    received = per_minute("payment_webhooks_total", _ALL, "outcome")
    deliveries = per_minute("webhook_deliveries_total", _ALL, "outcome")
    return [
        stacked(
            "Webhooks from the gateway",
            "Duplicates are harmless; none at all while there are payments means that webhooks do not reach us.",
            PER_MINUTE,
            Query(received, "{{outcome}}"),
            colours=WEBHOOKS,
        ),
        stacked(
            "Webhooks to subscribers",
            "Failed ones are retried for three days; if one subscriber fails alone, its owner has to repair it.",
            PER_MINUTE,
            Query(deliveries, "{{outcome}}"),
            colours=WEBHOOKS,
        ),
        lines(
            "Deliveries waiting and given up",
            "Given up ones stay until somebody sends them again or removes their endpoint.",
            COUNT,
            Query(most("webhook_deliveries_pending", _ALL), "waiting"),
            Query(most("webhook_deliveries_dead", _ALL), "given up"),
            colours=WEBHOOKS,
            links=runbooks("WebhookDeadLetters"),
        ),
        lines(
            "Oldest delivery waiting",
            "Beyond the line subscribers get events too late.",
            SECONDS,
            Query("store:webhook_lag_seconds:max", "age"),
            limit=alarm("WebhooksLagging"),
            links=runbooks("WebhooksLagging"),
        ),
    ]
