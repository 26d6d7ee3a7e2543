import pytest
from prometheus_client import REGISTRY

from store.metrics.dependencies import (
    CallOutcome,
    CallTimer,
    announce,
    outcome_of_error,
    outcome_of_status,
)


def calls(dependency: str, operation: str, outcome: str) -> float | None:
    labels = {"dependency": dependency, "operation": operation, "outcome": outcome}
    return REGISTRY.get_sample_value("dependency_request_duration_seconds_count", labels)


def test_calls_are_counted_and_timed_by_what_became_of_them() -> None:
    for outcome in (CallOutcome.OK, CallOutcome.OK, CallOutcome.TIMEOUT):
        CallTimer("counted", "GET").end(outcome)
    assert [calls("counted", "GET", each) for each in CallOutcome] == [2, 0, 0, 1, 0, 0]


def test_what_is_announced_is_seen_before_the_first_call() -> None:
    assert calls("announced", "Reserve", "ok") is None
    announce("announced", "Reserve", "Commit")
    assert {
        calls("announced", name, each) for name in ("Reserve", "Commit") for each in CallOutcome
    } == {0.0}
    assert REGISTRY.get_sample_value("dependency_retries_total", {"dependency": "announced"}) == 0


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, "ok"), (304, "ok"), (402, "refused"), (499, "refused"), (500, "error"), (503, "error")],
)
def test_a_status_says_what_it_means_for_the_caller(status: int, outcome: str) -> None:
    assert outcome_of_status(status) == outcome


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (TimeoutError(), "timeout"),
        (ConnectionRefusedError(), "unreachable"),
        (OSError("no route"), "unreachable"),
        (ValueError("not HTTP"), "error"),
    ],
)
def test_an_error_says_how_far_the_call_came(error: Exception, outcome: str) -> None:
    assert outcome_of_error(error) == outcome
