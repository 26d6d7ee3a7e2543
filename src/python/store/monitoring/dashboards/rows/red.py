"""Rate, errors and duration of what a service answers, by what it was asked for.

Source: Tom Wilkie, "The RED Method" (2018).
"""

from store.monitoring.dashboards.layout import Row
from store.monitoring.dashboards.limits import ERRORS, NONE, Limit
from store.monitoring.dashboards.links import Links
from store.monitoring.dashboards.panels import Panel, lines, stacked
from store.monitoring.dashboards.promql import Query, chosen, quantile, rate, share
from store.monitoring.dashboards.units import REQUESTS, SECONDS, SHARE
from store.monitoring.dashboards.wires import REST, RPC, Wire

_SAYS = {
    50: "Half of the requests take longer: when it rises, everybody feels it.",
    95: "One request in twenty takes longer: it rises first when something begins to queue.",
    99: "One request in a hundred takes longer: a jump of one line alone is that one's own query.",
}


def rest(service: str, duration: Limit = NONE, slo: Links = ()) -> Row:
    """What the REST interface answers; `duration` is what is promised of its p99."""
    return Row(2, "REST by route", _panels(REST, service, duration, slo))


def grpc(service: str) -> Row:
    """What the gRPC interface answers."""
    return Row(3, "gRPC by method", _panels(RPC, service, NONE, ()))


def _panels(wire: Wire, service: str, duration: Limit, slo: Links) -> list[list[Panel]]:
    labels = chosen(service)
    durations = [_duration(wire, labels, percent, duration, slo) for percent in _SAYS]
    return [[_rate(wire, labels), _answers(wire, labels), _errors(wire, labels, slo)], durations]


def _rate(wire: Wire, labels: str) -> Panel:
    return lines(
        f"{wire.name}: requests",
        "Shows which of them callers use; one that vanishes alone is a caller's change or trouble.",
        REQUESTS,
        Query(rate(wire.count, labels, wire.by), wire.legend),
    )


def _answers(wire: Wire, labels: str) -> Panel:
    return stacked(
        f"{wire.name}: answers by {wire.answer}",
        "Red is our fault; much yellow is a caller that asks for what it cannot have.",
        REQUESTS,
        Query(rate(wire.count, labels, wire.answer), f"{{{{{wire.answer}}}}}"),
        colours=wire.colours,
    )


def _errors(wire: Wire, labels: str, slo: Links) -> Panel:
    return lines(
        f"{wire.name}: error share",
        "One line alone is a fault of that code; all together are the database or the process.",
        SHARE,
        Query(share(wire.count, labels, wire.errors, wire.by), wire.legend),
        limit=ERRORS,
        links=slo,
    )


def _duration(wire: Wire, labels: str, percent: int, limit: Limit, slo: Links) -> Panel:
    expr = quantile(percent / 100, wire.metric, labels, wire.by)
    last = percent == max(_SAYS)
    return lines(
        f"{wire.name}: p{percent}",
        _SAYS[percent],
        SECONDS,
        Query(expr, wire.legend, exemplars=last),
        limit=limit if last else NONE,
        links=slo if last else (),
    )
