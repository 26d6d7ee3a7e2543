"""The numbers of the trade that orders does: orders, steps, money, webhooks."""

from store.monitoring.dashboards.colours import PAYMENTS, QUANTILES, STATES, STEP_OUTCOMES, WEBHOOKS
from store.monitoring.dashboards.layout import Row
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


def trade() -> Row:
    """Of all replicas, since any of them may move any order."""
    return Row(8, "Trade", [_orders(), _underway(), _steps(), _money(), _webhooks()])


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
    """Money taken, by currency."""
    return lines(
        "Money captured, in minor units",
        "In cents, or what the currency has; it falls when the shop sells less or cannot charge.",
        PER_MINUTE,
        Query("60 * store:orders_captured_minor_units:rate5m", "{{currency}}"),
    )


def time_to_confirm() -> Panel:
    """From placing an order to its confirmation."""
    return lines(
        "Time to confirm",
        "From placing an order to its confirmation: up to a second a buyer waits, beyond he is told to look later.",
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
            "Pending ones are our work, the others wait for their buyer; ours should be few.",
            COUNT,
            Query("store:orders_in_progress:max", "{{state}}"),
            colours=STATES,
        ),
        lines(
            "Orders due",
            "Orders whose next step may be tried and is not yet: a queue that grows asks for more workers.",
            COUNT,
            Query(most("orders_due", _ALL), "due"),
        ),
        lines(
            "Oldest pending order",
            "Beyond the line an order does not get on: its step's errors are in the row of steps.",
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
            "Reserve, commit and release ask inventory, all others the gateway: the step tells who is unwell.",
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
            "In cents, or what the currency has; a jump is staff at work, or a mistake of theirs.",
            PER_MINUTE,
            Query("60 * store:orders_refunded_minor_units:rate5m", "{{currency}}"),
        ),
        stacked(
            "Payments by outcome",
            "Red are declined ones: some are usual, most of them being declined is the gateway's trouble.",
            PER_MINUTE,
            Query("60 * store:order_payments:rate5m", "{{outcome}}"),
            colours=PAYMENTS,
        ),
        lines(
            "Declines by code",
            "One code that rises alone, such as fraud, is worth a word with the payment provider.",
            PER_MINUTE,
            Query(declines, "{{decline_code}}"),
        ),
    ]


def _webhooks() -> list[Panel]:
    heard = per_minute("payment_webhooks_total", _ALL, "outcome")
    deliveries = per_minute("webhook_deliveries_total", _ALL, "outcome")
    return [
        stacked(
            "Webhooks from the gateway",
            "Duplicates are harmless; none at all while there are payments means that they do not reach us.",
            PER_MINUTE,
            Query(heard, "{{outcome}}"),
            colours=WEBHOOKS,
        ),
        stacked(
            "Webhooks to subscribers",
            "Failed ones are tried again for days; one subscriber that is down is its own trouble.",
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
            "Beyond the line subscribers learn too late of what happened to an order.",
            SECONDS,
            Query("store:webhook_lag_seconds:max", "age"),
            limit=alarm("WebhooksLagging"),
            links=runbooks("WebhooksLagging"),
        ),
    ]
