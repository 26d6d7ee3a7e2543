"""The dashboard of inventory: the catalogue over REST, and stock over gRPC."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from store.monitoring.dashboards.colours import IMPORTS, RESERVATIONS
from store.monitoring.dashboards.interfaces import REST, RPC
from store.monitoring.dashboards.layout import PanelRow, service_board
from store.monitoring.dashboards.limits import ANY, BROWSE
from store.monitoring.dashboards.links import INVENTORY, runbooks
from store.monitoring.dashboards.panels import Panel, lines, stacked
from store.monitoring.dashboards.promql import Query, most, per_minute
from store.monitoring.dashboards.rows.database import database
from store.monitoring.dashboards.rows.dependencies import dependencies
from store.monitoring.dashboards.rows.glance import glance
from store.monitoring.dashboards.rows.loops import loops
from store.monitoring.dashboards.rows.red import grpc, rest
from store.monitoring.dashboards.rows.resources import resources
from store.monitoring.dashboards.units import COUNT, PER_MINUTE

_ALL = 'service="inventory"'


def inventory() -> Dashboard:
    """Inventory, from its requests down to its stock."""
    slo = runbooks("BrowseErrorBudgetBurn", "BrowseLatencyBudgetBurn")
    return service_board(
        INVENTORY,
        "Inventory",
        "The catalogue and the stock: whether people can browse, and orders can reserve.",
        "inventory",
        [
            glance("inventory", [REST, RPC], BROWSE, slo),
            rest("inventory", BROWSE, slo),
            grpc("inventory"),
            dependencies("inventory"),
            database("inventory"),
            loops("inventory"),
            resources("inventory"),
            PanelRow(8, "Trade", [_reservations(), _stock()]),
        ],
    )


def _reservations() -> list[Panel]:
    outcomes = "60 * store:inventory_reservations:rate5m"
    return [
        lines(
            "Reservations",
            "Reserved and committed should be equal; released ones are orders that were not completed.",
            PER_MINUTE,
            Query(outcomes, "{{outcome}}"),
            colours=RESERVATIONS,
        ),
        lines(
            "Reservations held",
            "Stock held for orders in progress; a number that only grows means that orders do not finish.",
            COUNT,
            Query(most("inventory_reservations_held", _ALL), "held"),
        ),
        lines(
            "Reservations overdue",
            "Holds that have expired and still keep units from being sold: the loop that releases them has stopped.",
            COUNT,
            Query(most("inventory_reservations_overdue", _ALL), "overdue"),
            limit=ANY,
            links=runbooks("ReservationsLeaking"),
        ),
    ]


def _stock() -> list[Panel]:
    expired = per_minute("inventory_reservations_expired_total", _ALL)
    rows = per_minute("inventory_import_rows_total", _ALL, "outcome")
    return [
        lines(
            "Reservations expired",
            "Holds released because their order took too long: payments are slow, or buyers give up.",
            PER_MINUTE,
            Query(expired, "expired"),
        ),
        lines(
            "Stock-outs",
            "Orders rejected because too few units were left: restock the product, or take it down.",
            PER_MINUTE,
            Query("60 * store:inventory_stock_outs:rate5m", "stock-outs"),
        ),
        stacked(
            "Import rows",
            "Rejected rows are mistakes in a file; the answer to its upload names each.",
            PER_MINUTE,
            Query(rows, "{{outcome}}"),
            colours=IMPORTS,
        ),
    ]
