"""A panel's line is where a rule's alert begins."""

import re

import pytest

from store.monitoring.dashboards.colours import BAD, GOOD, WARNING
from store.monitoring.dashboards.limits import (
    ALARMS,
    BROWSE_SECONDS,
    CHECKOUT_SECONDS,
    ERRORS,
    Limit,
    alarm,
)
from store.monitoring.dashboards.testing import alerts
from store.monitoring.slos import SLOS


@pytest.mark.parametrize("alert", ALARMS)
def test_a_limit_is_the_one_of_its_alert(alert: str) -> None:
    compared = [float(number) for number in re.findall(r">=?\s+([\d.]+)", alerts()[alert])]
    # A comparison with 0 asks only whether something is there.
    assert ALARMS[alert] == next(number for number in compared if number > 0)


def test_the_promised_seconds_are_those_of_the_slos() -> None:
    rates = {slo.wrong: slo.wrong_rate for slo in SLOS}
    assert f'le="{BROWSE_SECONDS}"' in rates["browse_slow"]
    assert f'le="{CHECKOUT_SECONDS}"' in rates["checkout_slow"]


def test_more_errors_than_promised_are_orange_and_what_wakes_somebody_is_red() -> None:
    assert ERRORS.steps == ((0.001, WARNING), (0.0144, BAD))


def test_too_much_is_red_from_the_limit_on_and_too_little_below_it() -> None:
    assert alarm("OrdersStuck") == Limit(GOOD, ((120, BAD),))
    assert Limit.below(1) == Limit(BAD, ((1, GOOD),))


def test_what_is_left_may_be_less_than_nothing() -> None:
    assert Limit.left() == Limit(BAD, ((0, GOOD),), may_be_negative=True)
    assert Limit.left(0.25).steps == ((0, WARNING), (0.25, GOOD))
