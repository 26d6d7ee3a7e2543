"""The dashboard of orders: its API, its worker, and the gateway behind them."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from store.monitoring.dashboards.colours import OUTCOMES, STATUSES
from store.monitoring.dashboards.interfaces import REST
from store.monitoring.dashboards.layout import PanelRow, service_board
from store.monitoring.dashboards.limits import CHECKOUT, alarm
from store.monitoring.dashboards.links import ORDERS, runbooks
from store.monitoring.dashboards.orders_trade import trade
from store.monitoring.dashboards.panels import Panel, lines, stacked
from store.monitoring.dashboards.promql import Query, chosen, quantile, rate, share
from store.monitoring.dashboards.rows.database import database
from store.monitoring.dashboards.rows.dependencies import dependencies
from store.monitoring.dashboards.rows.glance import glance
from store.monitoring.dashboards.rows.loops import loops
from store.monitoring.dashboards.rows.red import rest
from store.monitoring.dashboards.rows.resources import resources
from store.monitoring.dashboards.units import REQUESTS, SECONDS, SHARE

_GATEWAY = 'service="gateway"'
_SECONDS = "dependency_request_duration_seconds"


def orders() -> Dashboard:
    slo = runbooks("CheckoutErrorBudgetBurn", "CheckoutLatencyBudgetBurn")
    asked = dependencies("orders", breakers=True)
    return service_board(
        ORDERS,
        "Orders",
        "Checkout: whether orders are placed, paid and confirmed, and none is left behind.",
        "orders",
        [
            glance("orders", [REST], CHECKOUT, slo),
            rest("orders", CHECKOUT, slo),
            PanelRow(3, "gRPC asked of inventory", [_grpc_asked()]),
            PanelRow(asked.number, asked.title, [*asked.lines, _gateway()]),
            database("orders"),
            loops("orders"),
            resources("orders"),
            trade(),
        ],
    )


def _grpc_asked() -> list[Panel]:
    called = f'{chosen("orders")},dependency="inventory"'
    failed = share(f"{_SECONDS}_count", called, 'outcome!~"ok|refused"', "operation")
    p99 = quantile(0.99, _SECONDS, called, "operation")
    return [
        lines(
            "gRPC: calls by method",
            "Every order reserves, then commits or releases; reserve alone means that orders do not finish.",
            REQUESTS,
            Query(rate(f"{_SECONDS}_count", called, "operation"), "{{operation}}"),
        ),
        stacked(
            "gRPC: answers by outcome",
            "Refused is a definite no, such as out of stock; all but green and yellow got no answer.",
            REQUESTS,
            Query(rate(f"{_SECONDS}_count", called, "outcome"), "{{outcome}}"),
            colours=OUTCOMES,
        ),
        lines(
            "gRPC: failed share by method",
            "Calls that inventory did not answer; its own dashboard shows whether they reached it.",
            SHARE,
            Query(failed, "{{operation}}"),
            limit=alarm("DependencyFailing"),
            links=runbooks("DependencyFailing"),
        ),
        lines(
            "gRPC: p99 by method",
            "Measured by orders, network included; compare it with the p99 on the dashboard of inventory.",
            SECONDS,
            Query(p99, "{{operation}}"),
        ),
    ]


def _gateway() -> list[Panel]:
    count, by = REST.count, "{{method}} {{route}}"
    age = f"max by (worker) (time() - worker_last_step_timestamp_seconds{{{_GATEWAY}}})"
    return [
        stacked(
            "Payment gateway: answers by status",
            "Measured by the mock gateway itself: calls that are missing here never reached it.",
            REQUESTS,
            Query(rate(count, _GATEWAY, "status"), "{{status}}"),
            colours=STATUSES,
        ),
        lines(
            "Payment gateway: p99",
            "Measured by the gateway, without the network: if only the callers' p99 is slow, it is the network.",
            SECONDS,
            Query(quantile(0.99, REST.metric, _GATEWAY, REST.by), by),
        ),
        lines(
            "Payment gateway: age of the last step",
            "Beyond the line it sends no events, and orders that wait for one continue later, by the worker.",
            SECONDS,
            Query(age, "{{worker}}"),
            limit=alarm("WorkerStalled"),
            links=runbooks("WorkerStalled"),
        ),
    ]
