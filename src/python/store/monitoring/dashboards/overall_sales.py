"""Whether the shop sells, and whether it keeps what it promises."""

from store.monitoring.dashboards.colours import PROMISES
from store.monitoring.dashboards.limits import ANY, BUDGET, alarm, burning
from store.monitoring.dashboards.links import INVENTORY, ORDERS, board, runbooks
from store.monitoring.dashboards.orders_trade import (
    money_captured,
    orders_by_state,
    time_to_confirm,
)
from store.monitoring.dashboards.panels import Panel, lines, number
from store.monitoring.dashboards.promql import Query
from store.monitoring.dashboards.units import COUNT, FACTOR, PER_MINUTE, SECONDS, SHARE
from store.monitoring.slos import BURNS, SLOS, Slo

_PLACED = 'store:orders:rate5m{state="pending"}'


def selling() -> list[list[Panel]]:
    """Orders, money and what stands in their way."""
    return [
        [*_sales(), *_obstacles()],
        [orders_by_state(), money_captured(), time_to_confirm()],
    ]


def _sales() -> list[Panel]:
    rejected = 'store:orders:rate5m{state="rejected"}'
    return [
        number(
            "Orders placed",
            "Much lower than at this hour of other days means that people cannot buy, or do not want to.",
            PER_MINUTE,
            Query(f"60 * sum({_PLACED})", "placed"),
            links=[board(ORDERS)],
        ),
        number(
            "Orders confirmed",
            "Follows the orders placed; at 0 while orders come in, nothing is being sold.",
            PER_MINUTE,
            Query('60 * sum(store:orders:rate5m{state="confirmed"})', "confirmed"),
            links=[board(ORDERS), *runbooks("CheckoutNotConfirming")],
        ),
        number(
            "Rejected share",
            "Of the orders placed; some declined cards are usual, and the dashboard Orders shows the reasons of a jump.",
            SHARE,
            Query(f"sum({rejected}) / clamp_min(sum({_PLACED}), 1e-9)", "rejected"),
            links=[board(ORDERS)],
        ),
    ]


def _obstacles() -> list[Panel]:
    return [
        number(
            "Oldest pending order",
            "Age of the oldest pending order; red means that an order is stuck.",
            SECONDS,
            Query("store:orders_oldest_pending_seconds:max", "age"),
            limit=alarm("OrdersStuck"),
            links=[board(ORDERS), *runbooks("OrdersStuck")],
        ),
        number(
            "Stock-outs",
            "Orders rejected because too few units were left; a wave of them is a popular product that is sold out.",
            PER_MINUTE,
            Query("60 * store:inventory_stock_outs:rate5m", "stock-outs"),
            links=[board(INVENTORY)],
        ),
        number(
            "Alerts firing",
            "Anything but 0 is named below, with its runbook.",
            COUNT,
            Query('count(ALERTS{alertstate="firing"}) or vector(0)', "firing"),
            limit=ANY,
        ),
    ]


def promises() -> list[list[Panel]]:
    """What is left of each promise's budget, and how fast it is being used up."""
    burns = [burn for severity in BURNS.values() for burn in severity]
    return [[_budget(slo) for slo in SLOS], [_burn(burn.long, burn.factor) for burn in burns]]


def _budget(slo: Slo) -> Panel:
    return number(
        f"Budget left: {_name(slo)}",
        f"Of the error budget of 30 days ({float(slo.budget):.1%} of requests); below 0 the objective is missed.",
        SHARE,
        Query(f"1 - {slo.ratio('30d')} / {slo.budget}", _name(slo)),
        limit=BUDGET,
        links=runbooks(slo.alert),
    )


def _burn(window: str, factor: str) -> Panel:
    return lines(
        f"Burn rate over {window}",
        f"At 1 the error budget lasts exactly 30 days; from {factor} on an alert fires.",
        FACTOR,
        *(Query(f"{slo.ratio(window)} / {slo.budget}", _name(slo)) for slo in SLOS),
        colours=PROMISES,
        limit=burning(factor),
        links=runbooks(*(slo.alert for slo in SLOS)),
    )


def _name(slo: Slo) -> str:
    return slo.wrong.replace("_", " ")
