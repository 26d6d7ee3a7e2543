"""People at the store: one thing after the other, each timed from when it was due."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Thread
from typing import NoReturn

from store.cli.interrupts import Interruption
from store.loadtest.api import Response
from store.loadtest.customers import Account, CannotLogIn
from store.loadtest.load.recorder import Action, Recorder

READING = frozenset({Action.BROWSE, Action.LOOK})
UNSOLD = frozenset({"not_for_sale", "unknown_sku"})
# A no of the shop that is an answer like any other; everything else is a failure.
REFUSALS: Mapping[Action, frozenset[str]] = {
    Action.PLACE: UNSOLD,
    Action.PLACE_TWICE: UNSOLD,
    Action.CANCEL: frozenset({"not_cancellable"}),
    Action.SHIP: frozenset({"not_shippable"}),
    Action.REFUND: frozenset({"not_refundable", "refund_exceeds_capture"}),
}


class JourneyFailure(Exception):
    """Something failed, for all our patience: this journey ends here. It has been recorded."""


class Actor:
    """Somebody who does one thing after the other.

    The time of each is taken from when it was due, so a store that is slow to answer, or a load that
    is late to ask, cannot make the figures look better (no coordinated omission).
    """

    def __init__(self, account: Account, recorder: Recorder, due: float) -> None:
        self.account = account
        self.recorder = recorder
        self.due = due

    def think(self, seconds: float) -> None:
        """Let some time pass before the next thing."""
        self.due += seconds
        self.account.api.sleep(max(0.0, self.due - time.monotonic()))

    def come_back(self) -> None:
        """The next thing is due now: somebody else has acted meanwhile, or nothing was to be done."""
        self.due = time.monotonic()

    def record(self, action: Action, answer: Response) -> Response:
        """Note how an action that was due went; the answer, which may be a refusal.

        Raises JourneyFailure for a failure.
        """
        self.note(action, _outcome(action, answer) or "failed", answer.attempts)
        return self.check(action, answer)

    def check(self, action: Action, answer: Response) -> Response:
        """The answer, if it is one; JourneyFailure if it is a failure."""
        if _outcome(action, answer) is None:
            self.fail(action, f"{answer.status} {answer.code}".strip())
        return answer

    def note(self, action: Action, outcome: str, attempts: int = 1) -> None:
        """The action that was due is done; the next one is due from now on."""
        now = time.monotonic()
        self.recorder.note(action, now - self.due, outcome, attempts)
        self.due = now

    def fail(self, action: Action, what: str) -> NoReturn:
        """Record what somebody saw as an error, and give up."""
        self.recorder.fail(action, what)
        raise JourneyFailure


@contextmanager
def failures_recorded(recorder: Recorder) -> Iterator[None]:
    """End quietly where somebody gave up, could not log in, or was stopped."""
    try:
        yield
    except CannotLogIn as refused:
        # The e-mail is nobody's concern: the same trouble is to be counted as one.
        recorder.fail("log_in", str(refused).rpartition(": ")[2])
    except (JourneyFailure, Interruption):
        pass


@contextmanager
def beside(recorder: Recorder, work: Callable[[], object]) -> Iterator[None]:
    """Let somebody do this at the same time; leaving waits for him."""

    def alone() -> None:
        with failures_recorded(recorder):
            work()

    thread = Thread(target=alone, daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _outcome(action: Action, answer: Response) -> str | None:
    """In a word how it ended, None for a failure."""
    if answer.code in REFUSALS.get(action, ()):
        return answer.code
    if action == Action.PAY and answer.status == 404:
        # The bank asks nothing any more: it has had its answer, or the order has ended. The order
        # says which.
        return "gone"
    # A bank's page leads on with 303.
    if not 200 <= answer.status < 400:
        return None
    if action in READING:
        return "ok"
    state = answer.body.get("state") or "ok"
    reason = answer.body.get("reason") if state == "rejected" else ""
    return f"{state} {reason or ''}".strip()
