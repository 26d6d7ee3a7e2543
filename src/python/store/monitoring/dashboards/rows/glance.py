"""The first row: is this service well?"""

from collections.abc import Callable, Sequence

from store.monitoring.dashboards.interfaces import Interface
from store.monitoring.dashboards.layout import LOW, PanelRow
from store.monitoring.dashboards.limits import ALL_UP, ERRORS, NONE, Limit, alarm
from store.monitoring.dashboards.links import Links, runbooks
from store.monitoring.dashboards.panels import Panel, number
from store.monitoring.dashboards.promql import Query, chosen, quantile, rate, share, total
from store.monitoring.dashboards.units import COUNT, REQUESTS, SECONDS, SHARE


def glance(
    service: str, interfaces: Sequence[Interface], duration: Limit = NONE, slo: Links = ()
) -> PanelRow:
    """Six numbers of a service; `duration` is what it promises of its p99, `slo` the runbooks."""
    labels = chosen(service)
    return PanelRow(1, "At a glance", [[*_requests(labels, interfaces, duration, slo), *_replicas(labels)]],
               heights=(LOW,))  # fmt: skip


def _requests(
    labels: str, interfaces: Sequence[Interface], duration: Limit, slo: Links
) -> list[Panel]:
    def each(expr: Callable[[Interface], str]) -> list[Query]:
        return [Query(expr(interface), interface.name) for interface in interfaces]

    return [
        number(
            "Requests",
            "Falls to 0 when callers cannot reach the service, and jumps when a client calls it in a loop.",
            REQUESTS,
            *each(lambda interface: rate(interface.count, labels)),
        ),
        number(
            "Error share",
            "Requests that failed by our fault; above 0.1 % the objective is missed, so find out why.",
            SHARE,
            *each(lambda interface: share(interface.count, labels, interface.errors)),
            limit=ERRORS,
            links=slo,
        ),
        number(
            "p99",
            "One request in a hundred takes longer; when it rises, look for the route below.",
            SECONDS,
            *each(lambda interface: quantile(0.99, interface.metric, labels)),
            limit=duration,
            links=slo,
        ),
        number(
            "In flight",
            "Requests being answered now; a number that only grows means that they wait for something.",
            COUNT,
            *each(lambda interface: total(interface.in_flight, labels)),
        ),
    ]


def _replicas(labels: str) -> list[Panel]:
    return [
        number(
            "Replicas up",
            "Processes that answer Prometheus, by kind; at 0 nobody does this work.",
            COUNT,
            Query(total("up", labels, "job"), "{{job}}"),
            limit=ALL_UP,
            links=runbooks("TargetDown", "TargetMissing"),
        ),
        number(
            "Restarts in half an hour",
            "Of the replica that restarted most; more than a deployment explains means that it keeps crashing.",
            COUNT,
            Query(f"max(changes(process_start_time_seconds{{{labels}}}[30m]))", "restarts"),
            limit=alarm("RestartingOften"),
            links=runbooks("RestartingOften"),
        ),
    ]
