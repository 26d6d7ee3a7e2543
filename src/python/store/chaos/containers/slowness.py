"""Alerts of slowness, compared with what buyers have measured themselves."""

from collections.abc import Mapping

from store.loadtest.load.recorder import Action, ActionTimings
from store.monitoring.slos import LEAST

CHECKOUT = {Action.PLACE: 1.0, Action.PLACE_TWICE: 1.0}
"""What we promise, in seconds (store/monitoring/slos.py)."""
BROWSE = {Action.BROWSE: 0.25}
SLOW: Mapping[str, Mapping[Action, float]] = {
    "CheckoutLatencyBudgetBurn": CHECKOUT,
    "BrowseLatencyBudgetBurn": BROWSE,
    "EventLoopBlocked": CHECKOUT | BROWSE,
}


def is_borne_out(alert: str, measured: Mapping[Action, ActionTimings], factor: float) -> bool:
    """Whether buyers did wait for longer than what the alert is about, as many of them as it asks for.

    Then the alert is right: this machine is too slow for so many buyers. A clock that is
    `factor` times as fast counts each of them so often.
    """
    limits = SLOW.get(alert, {})
    late = (
        seconds > limit
        for action, limit in limits.items()
        if action in measured
        for seconds in measured[action].seconds
    )
    return sum(late) >= LEAST / factor
