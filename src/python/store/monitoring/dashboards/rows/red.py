"""Rate, errors and duration of what a service answers, by what it was asked for.

Source: Tom Wilkie, "The RED Method" (2018).
"""

from store.monitoring.dashboards.interfaces import REST, RPC, Interface
from store.monitoring.dashboards.layout import PanelRow
from store.monitoring.dashboards.limits import ERRORS, NONE, Limit
from store.monitoring.dashboards.links import Links
from store.monitoring.dashboards.panels import Panel, lines, stacked
from store.monitoring.dashboards.promql import Query, chosen, quantile, rate, share
from store.monitoring.dashboards.units import REQUESTS, SECONDS, SHARE

_DESCRIPTIONS = {
    50: "Half of the requests take longer: when it rises, everybody feels it.",
    95: "One request in twenty takes longer: it rises first when something begins to queue.",
    99: "One request in a hundred takes longer: if one line jumps alone, that route has a slow query.",
}


def rest(service: str, duration: Limit = NONE, slo: Links = ()) -> PanelRow:
    """What the REST interface answers; `duration` is what is promised of its p99."""
    return PanelRow(2, "REST by route", _panels(REST, service, duration, slo))


def grpc(service: str) -> PanelRow:
    return PanelRow(3, "gRPC by method", _panels(RPC, service, NONE, ()))


def _panels(interface: Interface, service: str, duration: Limit, slo: Links) -> list[list[Panel]]:
    labels = chosen(service)
    durations = [_duration(interface, labels, percent, duration, slo) for percent in _DESCRIPTIONS]
    return [
        [_rate(interface, labels), _answers(interface, labels), _errors(interface, labels, slo)],
        durations,
    ]


def _rate(interface: Interface, labels: str) -> Panel:
    return lines(
        f"{interface.name}: requests",
        "Shows which of them callers use; if one vanishes alone, a caller has changed or is down.",
        REQUESTS,
        Query(rate(interface.count, labels, interface.by), interface.legend),
    )


def _answers(interface: Interface, labels: str) -> Panel:
    return stacked(
        f"{interface.name}: answers by {interface.answer}",
        "Red is our fault; much yellow is a caller that sends wrong requests.",
        REQUESTS,
        Query(rate(interface.count, labels, interface.answer), f"{{{{{interface.answer}}}}}"),
        colours=interface.colours,
    )


def _errors(interface: Interface, labels: str, slo: Links) -> Panel:
    return lines(
        f"{interface.name}: error share",
        "One line alone is an error in its code; all together are the database or the process.",
        SHARE,
        Query(share(interface.count, labels, interface.errors, interface.by), interface.legend),
        limit=ERRORS,
        links=slo,
    )


def _duration(interface: Interface, labels: str, percent: int, limit: Limit, slo: Links) -> Panel:
    expr = quantile(percent / 100, interface.metric, labels, interface.by)
    last = percent == max(_DESCRIPTIONS)
    return lines(
        f"{interface.name}: p{percent}",
        _DESCRIPTIONS[percent],
        SECONDS,
        Query(expr, interface.legend, exemplars=last),
        limit=limit if last else NONE,
        links=slo if last else (),
    )
