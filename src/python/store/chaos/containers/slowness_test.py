from array import array

import pytest

from store.chaos.containers.slowness import BROWSE, CHECKOUT, is_borne_out
from store.loadtest.load.recorder import Action, ActionTimings
from store.monitoring.slos import SLOS


def measured(
    seconds: float, times: int, action: Action = Action.PLACE
) -> dict[Action, ActionTimings]:
    return {action: ActionTimings(array("d", [seconds] * times + [0.01] * 500))}


def test_an_alert_of_slowness_is_right_if_ten_buyers_waited_for_longer() -> None:
    assert is_borne_out("CheckoutLatencyBudgetBurn", measured(1.2, 10), 1)
    assert is_borne_out("BrowseLatencyBudgetBurn", measured(0.3, 10, Action.BROWSE), 1)
    assert is_borne_out("EventLoopBlocked", measured(0.3, 10, Action.BROWSE), 1)


@pytest.mark.parametrize(
    ("alert", "seen"),
    [
        ("CheckoutLatencyBudgetBurn", measured(1.2, 9)),
        ("CheckoutLatencyBudgetBurn", measured(0.9, 99)),
        ("CheckoutLatencyBudgetBurn", measured(1.2, 99, Action.BROWSE)),
        ("CheckoutErrorBudgetBurn", measured(1.2, 99)),
        ("WorkerStalled", measured(99, 99)),
        ("TargetDown", {}),
    ],
)
def test_no_other_alert_is_excused(alert: str, seen: dict[Action, ActionTimings]) -> None:
    assert not is_borne_out(alert, seen, 1)


def test_a_fast_clock_counts_each_of_them_more_often() -> None:
    assert is_borne_out("CheckoutLatencyBudgetBurn", measured(1.2, 4), 3)
    assert not is_borne_out("CheckoutLatencyBudgetBurn", measured(1.2, 3), 3)


@pytest.mark.parametrize(
    ("wrong", "limits"), [("browse_slow", BROWSE), ("checkout_slow", CHECKOUT)]
)
def test_the_limits_are_what_we_promise(wrong: str, limits: dict[Action, float]) -> None:
    (slo,) = (each for each in SLOS if each.wrong == wrong)
    (seconds,) = {*limits.values()}
    assert f'le="{seconds}"' in slo.wrong_rate
