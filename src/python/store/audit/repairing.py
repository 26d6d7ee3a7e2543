"""Repair: what an audit found is set right where one answer is right, and left alone elsewhere.

Each remedy is applied on its own, so a repair may break off anywhere and be started again. What was
found is a while ago when it is acted upon: the order is read and judged anew just before.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from store.audit.addresses import Where
from store.audit.audit import CHECKS, Result
from store.audit.cases.reading import case_of
from store.audit.repairs.clients import Inventory
from store.audit.repairs.remedy import Hands, LeftToWorker, NotRepaired, OfOrder, Remedy
from store.audit.repairs.tables import Tables
from store.audit.snapshots import snapshots
from store.cli.errors import CannotProve

LOOK_SECONDS = 0.25
_CHECKS = {check.name: check for check in CHECKS}


@dataclass(frozen=True)
class Planned:
    """A remedy, and the finding it is for."""

    check: str
    subject: str
    remedy: Remedy


@dataclass(frozen=True)
class Repair:
    """What came of a remedy. One that is not `done` has changed nothing, and says why."""

    planned: Planned
    done: bool
    outcome: str


def planned(result: Result) -> list[Planned]:
    """What there is to do, each thing once, in the order of the findings."""
    plans: dict[Remedy, Planned] = {}
    for tally in result.tallies:
        for finding in tally.findings:
            for remedy in finding.remedies:
                plans.setdefault(remedy, Planned(tally.name, finding.subject, remedy))
    return list(plans.values())


def orders_of(plans: Iterable[Planned]) -> frozenset[str]:
    """The orders that are touched: the audit afterwards judges them, however young their change."""
    return frozenset(plan.remedy.order_id for plan in plans if isinstance(plan.remedy, OfOrder))


@contextmanager
def hands_for(where: Where) -> Iterator[Hands]:
    """What is needed to repair that store; CannotProve if it was not given."""
    where.refuse_repair_without_inventory()
    inventory = Inventory(where.inventory_address or "", where.inventory_key or "")
    orders = Tables("orders", where.databases["orders"])
    shelves = Tables("inventory", where.databases["inventory"])
    try:
        yield Hands(inventory, where.gateway, orders, shelves)
    finally:
        for hand in (inventory, orders, shelves):
            hand.close()


def repairs(plans: Iterable[Planned], where: Where, hands: Hands) -> Iterator[Repair]:
    """Apply one remedy after the other; one that cannot be applied stops no other."""
    for plan in plans:
        try:
            _refuse_the_outdated(plan, where)
            yield Repair(plan, True, plan.remedy.apply(hands))
        except NotRepaired as reason:
            yield Repair(plan, False, str(reason))
        except CannotProve as trouble:
            yield Repair(plan, False, trouble.message)


def wait_for_workers(plans: Iterable[Planned], hands: Hands, seconds: float) -> None:
    """Give the workers a while with what was left to them; return as soon as they are done."""
    ends = time.monotonic() + seconds
    left = [plan.remedy for plan in plans if isinstance(plan.remedy, LeftToWorker)]
    while (left := [remedy for remedy in left if not remedy.is_over(hands)]) and (
        time.monotonic() < ends
    ):
        time.sleep(LOOK_SECONDS)


def _refuse_the_outdated(plan: Planned, where: Where) -> None:
    """NotRepaired unless the order, read anew, still has the finding that asks for this remedy."""
    if not isinstance(plan.remedy, OfOrder):
        return  # what is not about an order looks for itself, in the statement that changes it
    with snapshots(where.databases) as taken:
        case, check = case_of(taken, plan.remedy.order_id), _CHECKS[plan.check]
        finding = None
        if case is not None and check.concerns(case):
            finding = check.judge(case, taken["orders"].taken_at)
    if finding is None or plan.remedy not in finding.remedies:
        raise NotRepaired("it is otherwise by now")
