"""The first row: is this service well?"""

from collections.abc import Callable, Sequence

from store.monitoring.dashboards.layout import LOW, Row
from store.monitoring.dashboards.limits import ALL_UP, ERRORS, NONE, Limit, alarm
from store.monitoring.dashboards.links import Links, runbooks
from store.monitoring.dashboards.panels import Panel, number
from store.monitoring.dashboards.promql import Query, chosen, quantile, rate, share, total
from store.monitoring.dashboards.units import COUNT, REQUESTS, SECONDS, SHARE
from store.monitoring.dashboards.wires import Wire


def glance(service: str, wires: Sequence[Wire], duration: Limit = NONE, slo: Links = ()) -> Row:
    """Six numbers of a service; `duration` is what it promises of its p99, `slo` the runbooks."""
    labels = chosen(service)
    return Row(1, "At a glance", [[*_requests(labels, wires, duration, slo), *_replicas(labels)]],
               heights=(LOW,))  # fmt: skip


def _requests(labels: str, wires: Sequence[Wire], duration: Limit, slo: Links) -> list[Panel]:
    def each(expr: Callable[[Wire], str]) -> list[Query]:
        return [Query(expr(wire), wire.name) for wire in wires]

    return [
        number(
            "Requests",
            "Falls to nothing when callers cannot reach it, and jumps when somebody asks in a loop.",
            REQUESTS,
            *each(lambda wire: rate(wire.count, labels)),
        ),
        number(
            "Error share",
            "Requests that failed by our fault; 0.1 % is the most that buyers are promised, so find out why.",
            SHARE,
            *each(lambda wire: share(wire.count, labels, wire.errors)),
            limit=ERRORS,
            links=slo,
        ),
        number(
            "p99",
            "One request in a hundred takes longer; when it rises, look for the route below.",
            SECONDS,
            *each(lambda wire: quantile(0.99, wire.metric, labels)),
            limit=duration,
            links=slo,
        ),
        number(
            "In flight",
            "Requests being answered now; a number that only grows means that they wait for something.",
            COUNT,
            *each(lambda wire: total(wire.in_flight, labels)),
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
            "Of the replica that restarted most; more than a deployment explains means that it dies again and again.",
            COUNT,
            Query(f"max(changes(process_start_time_seconds{{{labels}}}[30m]))", "restarts"),
            limit=alarm("RestartingOften"),
            links=runbooks("RestartingOften"),
        ),
    ]
