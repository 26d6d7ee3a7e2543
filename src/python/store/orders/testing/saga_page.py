"""docs/order-saga.md, made of the saga's table and the states' moves.

./pants run src/python/store/orders/testing/saga_page.py > docs/order-saga.md
"""

from collections.abc import Iterator

from store.orders.models.states import MOVES, State, Step
from store.orders.saga.definition import COMPENSATE, SAGA, Choice, StepDefinition, Then, Wake

_HEAD = """\
# The saga of an order

This page is made of `orders/saga/definition.py`, the table that the engine runs, and a test compares
them. After a change of the table:

    ./pants run src/python/store/orders/testing/saga_page.py > docs/order-saga.md

An order knows its next step. Whoever takes a lease on it (a request, a worker, a webhook) makes the
step's calls outside any transaction and writes the outcome: done, waiting for the buyer or the bank,
or refused for good. An outcome that nobody knows is no outcome: the attempt is due again.
"""
_STEP_HEAD = """\
## The steps

*Insists*: a no of the other service is no answer, the attempt is due again. *Expires*: an order whose
time is over ends instead of trying it. *Woken*: an event of the payment gateway makes it due at once.
*Time-out*: seconds of one call. *Retry*: most seconds before an attempt of unknown outcome is
repeated, for ever and with full jitter.
"""
_PICTURE_HEAD = """\
A forward step that is refused, whose order has expired, or whose buyer has asked to cancel, leads to
`compensate`: the first compensation that the order owes. So does a price that has changed.
"""
_STATE_HEAD = """\
## The states

What the buyer sees. The steps lead from `pending` to `confirmed`, `rejected` or `cancelled`; staff
ship and deliver; a refund of everything leads to `refunded`. The database refuses any other move.
"""
_TAIL = """\
## To add a step

Three files, a migration and tests: [the recipe](recipes/add-a-step-of-the-saga.md).
"""
_COLUMNS = (
    "step", "calls", "compensation", "insists", "expires", "woken", "time-out", "retry"
)  # fmt: skip


def page() -> str:
    """The whole page."""
    parts = (_HEAD, _STEP_HEAD, _table(), _PICTURE_HEAD, _steps(), _STATE_HEAD, _states(), _TAIL)
    return "\n".join(parts)


def _table() -> str:
    rows = [_COLUMNS, ("---",) * len(_COLUMNS), *(_row(step, each) for step, each in SAGA.items())]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _row(step: Step, each: StepDefinition) -> tuple[str, ...]:
    wakes = {Wake.NEVER: "", Wake.IDLE: "when idle", Wake.ALWAYS: "always"}
    return (
        f"`{step}`",
        (each.run.__doc__ or "").splitlines()[0].rstrip("."),
        f"`{each.compensation}`" if each.compensation else "",
        "yes" if each.insists else "",
        "yes" if each.expires else "",
        wakes[each.gateway_event],
        f"{each.timeout_seconds:g} s",
        f"{each.retry.longest_seconds:g} s",
    )


def _steps() -> str:
    return _diagram(
        "state compensate <<choice>>",
        f"[*] --> {next(iter(SAGA))}: an order",
        f"[*] --> {Step.REPAY}: a refund by staff",
        *(line for step, each in SAGA.items() for line in _ways(step, each)),
        *(f"compensate --> {step}" for step in COMPENSATE.among),
    )


def _ways(step: Step, each: StepDefinition) -> Iterator[str]:
    """The ways on from a step; outcomes that lead to the same step share an arrow."""
    found: dict[str, list[str]] = {}
    for outcome, then in (
        ("done", each.done),
        ("waiting", each.waiting),
        ("refused", each.refused),
    ):
        for goal in _goals(then) if then else ():
            found.setdefault(goal, []).append(outcome)
    for goal, outcomes in found.items():
        yield f"{step} --> {goal}: {', '.join(outcomes)}"


def _goals(then: Then) -> list[str]:
    if then.next is COMPENSATE:
        return ["compensate"]
    among = then.next.among if isinstance(then.next, Choice) else (then.next,)
    return [str(step) if step else "[*]" for step in among]


def _states() -> str:
    return _diagram(
        f"[*] --> {State.PENDING}",
        *(
            f"{before} --> {after}"
            for before, goals in MOVES.items()
            for after in State
            if after in goals
        ),
        *(f"{state} --> [*]" for state, goals in MOVES.items() if not goals),
    )


def _diagram(*lines: str) -> str:
    body = "".join(f"    {line}\n" for line in lines)
    return f"```mermaid\nstateDiagram-v2\n{body}```\n"


if __name__ == "__main__":
    print(page(), end="")
