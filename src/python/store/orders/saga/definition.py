"""The saga of an order, on one page: its steps, what follows each, and what undoes it.

    place an order   reserve -> authorise (-> await_buyer) -> commit -> capture
    compensate       void -> release              nothing was captured
                     repay -> release             something was
    refund           repay

This table is what the engine runs and what the transitions follow; docs/order-saga.md shows it as a
picture. A step is keyed by the order's id (a refund by its own), so whoever repeats it, after a crash
or beside a process that was believed dead, gets the outcome of the first.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from store.orders.clients import inventory, payments
from store.orders.clients.shop import Shop
from store.orders.models.order import Order
from store.orders.models.states import Step
from store.orders.models.writes import Change
from store.orders.saga import compensation, forward
from store.orders.saga.outcomes import Outcome
from store.server.outbound.backoff import seconds_to_wait


@dataclass(frozen=True)
class Retry:
    """How an attempt of unknown outcome is repeated: for ever, with full jitter up to a cap."""

    longest_seconds: float

    def seconds(self, failed: int) -> float:
        """Seconds before the next attempt, when so many have failed."""
        return seconds_to_wait(failed, self.longest_seconds)


@dataclass(frozen=True)
class Choice:
    """A next step that depends on the order: `pick` says which one of `among`; None is rest."""

    pick: Callable[[Order], Step | None]
    among: tuple[Step | None, ...]


@dataclass(frozen=True)
class Then:
    """What an outcome means: what the order becomes by it, and the step that is next.

    An order that begins to end by it goes to the first compensation instead.
    """

    becomes: Callable[[Order, Any, datetime], Change]
    next: Step | Choice | None


class Wake(Enum):
    """Whether an event of the payment gateway makes a step due at once."""

    NEVER = "never"
    IDLE = "idle"
    """Only while nobody is at work: a step that acts gets an answer of its own."""

    ALWAYS = "always"


@dataclass(frozen=True)
class StepDefinition:
    """One step. `run` makes its calls outside any transaction and is safe to repeat.

    `refused` follows a definite no. A step that `insists` does not take one from a call: the attempt
    is due again. `compensation` gives back what the step has taken. A compensation is `owed` by an
    order that may hold what it gives back. An order that `expires` ends instead of trying the step
    after its time. `timeout_seconds` bounds each call, by the client's own deadline.
    """

    run: Callable[[Order, Shop], Outcome]
    done: Then
    timeout_seconds: float
    retry: Retry
    refused: Then | None = None
    waiting: Then | None = None
    compensation: Step | None = None
    owed: Callable[[Order], bool] | None = None
    expires: bool = False
    insists: bool = False
    gateway_event: Wake = Wake.NEVER


QUICK = Retry(longest_seconds=10.0)
"""When all that was broken works again, every order must be at rest within a minute.

One that somebody held who died is free when its lease ends (30 s), the attempt that comes then may
still meet a connection from before and fail, and then this wait comes before the one that succeeds.
The jitter stays full: seldom asking is not what protects those who come back, but not asking all at
once.
"""

INVENTORY = inventory.DEADLINE_SECONDS
GATEWAY = sum(payments.DEADLINE_SECONDS)


def first_compensation(order: Order) -> Step:
    """The first compensation of the table that the order owes."""
    return next(step for step, each in SAGA.items() if each.owed is not None and each.owed(order))


COMPENSATE = Choice(first_compensation, among=(Step.REPAY, Step.VOID, Step.RELEASE))
AFTER_REFUND = Choice(compensation.step_after_refund, among=(Step.REPAY, Step.RELEASE, None))

SAGA: Mapping[Step, StepDefinition] = {
    # Forward: stock and money are taken. Until the money is authorised nothing has been promised,
    # so an order that takes too long ends.
    Step.RESERVE: StepDefinition(
        run=forward.reserve,
        done=Then(forward.reserved, next=Step.AUTHORISE),
        refused=Then(forward.rejected, next=COMPENSATE),
        compensation=Step.RELEASE,
        expires=True,
        retry=QUICK,
        timeout_seconds=INVENTORY,
    ),
    Step.AUTHORISE: StepDefinition(
        run=forward.authorise,
        done=Then(forward.authorised, next=Step.COMMIT),
        waiting=Then(forward.awaiting_buyer, next=Step.AWAIT_BUYER),
        refused=Then(forward.declined, next=COMPENSATE),
        compensation=Step.VOID,
        expires=True,
        retry=QUICK,
        timeout_seconds=GATEWAY,
        gateway_event=Wake.IDLE,
    ),
    Step.AWAIT_BUYER: StepDefinition(
        run=forward.await_buyer,
        done=Then(forward.authorised, next=Step.COMMIT),
        waiting=Then(forward.awaiting_buyer, next=Step.AWAIT_BUYER),
        refused=Then(forward.rejected, next=COMPENSATE),
        compensation=Step.VOID,
        expires=True,
        retry=QUICK,
        timeout_seconds=GATEWAY,
        gateway_event=Wake.ALWAYS,
    ),
    Step.COMMIT: StepDefinition(
        run=forward.commit,
        done=Then(forward.committed, next=Step.CAPTURE),
        refused=Then(forward.rejected, next=COMPENSATE),
        compensation=Step.RELEASE,
        retry=QUICK,
        timeout_seconds=INVENTORY,
    ),
    Step.CAPTURE: StepDefinition(
        run=forward.capture,
        done=Then(forward.captured, next=None),
        refused=Then(forward.rejected, next=COMPENSATE),
        compensation=Step.REPAY,
        retry=QUICK,
        timeout_seconds=GATEWAY,
        gateway_event=Wake.IDLE,
    ),
    # Compensation, in the order in which it is owed: money first, then stock. It never gives up.
    Step.REPAY: StepDefinition(
        run=compensation.repay,
        done=Then(compensation.repaid, next=AFTER_REFUND),
        waiting=Then(compensation.refund_pending, next=Step.REPAY),
        refused=Then(compensation.refund_refused, next=AFTER_REFUND),
        owed=lambda order: order.captured > 0,
        retry=QUICK,
        timeout_seconds=GATEWAY,
        gateway_event=Wake.ALWAYS,
    ),
    Step.VOID: StepDefinition(
        run=compensation.void,
        done=Then(compensation.voided, next=COMPENSATE),
        refused=Then(compensation.found_declined, next=COMPENSATE),
        owed=lambda order: order.payment is not None and order.payment.is_open,
        insists=True,
        retry=QUICK,
        timeout_seconds=GATEWAY,
        gateway_event=Wake.IDLE,
    ),
    Step.RELEASE: StepDefinition(
        run=compensation.release,
        done=Then(compensation.released, next=None),
        owed=lambda _order: True,
        insists=True,
        retry=QUICK,
        timeout_seconds=INVENTORY,
    ),
}
