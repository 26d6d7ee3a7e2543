"""What a service asks of others, as it sees them itself."""

from store.monitoring.dashboards.colours import DEPENDENCIES, OUTCOMES
from store.monitoring.dashboards.layout import PanelRow
from store.monitoring.dashboards.limits import ANY, alarm
from store.monitoring.dashboards.links import runbooks
from store.monitoring.dashboards.panels import Panel, lines, stacked
from store.monitoring.dashboards.promql import Query, chosen, most, quantile, rate, share
from store.monitoring.dashboards.units import COUNT, REQUESTS, SECONDS, SHARE

_SECONDS = "dependency_request_duration_seconds"
_CALLS = f"{_SECONDS}_count"


def dependencies(service: str, *, breakers: bool = False) -> PanelRow:
    """Rate, failures, duration, retries and, if it has any, breakers of each server that is asked."""
    labels = chosen(service)
    troubles = [*_troubles(labels), _breakers(labels)] if breakers else _troubles(labels)
    return PanelRow(4, "Dependencies", [_calls(labels), troubles])


def _calls(labels: str) -> list[Panel]:
    return [
        lines(
            "Calls by dependency",
            "Follows the work of this service; without calls it does nothing, or the breaker is open.",
            REQUESTS,
            Query(rate(_CALLS, labels, "dependency"), "{{dependency}}"),
            colours=DEPENDENCIES,
        ),
        stacked(
            "Calls by outcome",
            "Refused is a definite no and no failure; anything but green and yellow is a call without an answer.",
            REQUESTS,
            Query(rate(_CALLS, labels, "outcome"), "{{outcome}}"),
            colours=OUTCOMES,
        ),
        lines(
            "Failed share by dependency",
            "Calls with no definite answer; above half of them for two minutes somebody is paged.",
            SHARE,
            Query(share(_CALLS, labels, 'outcome!~"ok|refused"', "dependency"), "{{dependency}}"),
            colours=DEPENDENCIES,
            limit=alarm("DependencyFailing"),
            links=runbooks("DependencyFailing"),
        ),
    ]


def _troubles(labels: str) -> list[Panel]:
    return [
        lines(
            "p99 by dependency",
            "Time spent waiting for others: if it rises, the durations of this service rise, too.",
            SECONDS,
            Query(quantile(0.99, _SECONDS, labels, "dependency"), "{{dependency}}"),
            colours=DEPENDENCIES,
        ),
        lines(
            "Retries by dependency",
            "Calls that were retried at once; callers notice nothing yet, but the dependency has a problem.",
            REQUESTS,
            Query(rate("dependency_retries_total", labels, "dependency"), "{{dependency}}"),
            colours=DEPENDENCIES,
        ),
    ]


def _breakers(labels: str) -> Panel:
    return lines(
        "Open breakers",
        "At 1 some replica does not call this dependency for the moment, because it did not answer.",
        COUNT,
        Query(most("dependency_breaker_open", labels, "dependency"), "{{dependency}}"),
        colours=DEPENDENCIES,
        limit=ANY,
        links=runbooks("DependencyFailing"),
    )
