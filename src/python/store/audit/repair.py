"""Repair: what an audit proposes is handed to the services that own the data, and they do it.

What was found is a while ago when it is acted upon: each order is judged anew just before, and its
service looks once more, under a lock. A repair may break off anywhere and be started again.
"""

import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from json import loads
from tempfile import TemporaryFile

from store.audit.addresses import AuditedStore
from store.audit.audit import CHECKS, Result
from store.audit.books.snapshots import Snapshot, connected, snapshots
from store.audit.cases.merge import case_of
from store.audit.checks.proposals import Proposal
from store.devstack.runner import Program

POLL_INTERVAL_SECONDS = 0.25
STALE = "it is otherwise by now"
_CHECKS = {check.name: check for check in CHECKS}


@dataclass(frozen=True)
class Repair:
    """What came of a proposal. One that is not `done` has changed nothing, and says why."""

    proposal: Proposal
    done: bool
    outcome: str


def proposals_of(result: Result) -> list[Proposal]:
    """What there is to do, each thing once, in the order of the findings."""
    proposals: dict[Proposal, Proposal] = {}
    for tally in result.tallies:
        for finding in tally.findings:
            for proposal in finding.proposals:
                for_finding = replace(
                    proposal,
                    check=tally.name,
                    subject=finding.subject,
                    expected=finding.expected,
                    found=finding.found,
                )
                proposals.setdefault(proposal, for_finding)
    return list(proposals.values())


def orders_of(proposals: Iterable[Proposal]) -> frozenset[str]:
    """The orders that are touched: the audit afterwards judges them, however young their change."""
    return frozenset(each.order_id for each in proposals if each.order_id is not None)


def repairs(proposals: Sequence[Proposal], store: AuditedStore) -> Iterator[Repair]:
    """Have one proposal after the other done; one that cannot be done stops no other."""
    right = _still_right(proposals, store)
    for proposal in proposals:
        if proposal not in right:
            yield Repair(proposal, False, STALE)
    for service in sorted({proposal.kind.service for proposal in right}):
        theirs = [each for each in proposals if each in right and each.kind.service == service]
        yield from handed_over(store.repair_program(service), theirs)


def handed_over(program: Program, proposals: Sequence[Proposal]) -> Iterator[Repair]:
    """What a service's command `repair` makes of these; what it logs goes to our standard error."""
    left = iter(proposals)
    with TemporaryFile("w+", encoding="utf-8") as lines:
        lines.writelines(f"{proposal.line}\n" for proposal in proposals)
        lines.seek(0)
        with subprocess.Popen(
            program.command, env=program.environ, stdin=lines, stdout=subprocess.PIPE, text=True
        ) as process:
            for said, proposal in zip(process.stdout or (), left, strict=False):
                result = loads(said)
                yield Repair(proposal, result["repaired"], result["outcome"])
    for proposal in left:
        yield Repair(proposal, False, f"{program.name} ended with status {process.returncode}")


def wait_for_workers(proposals: Iterable[Proposal], store: AuditedStore, seconds: float) -> None:
    """Give the workers a while with what was left to them; return as soon as they are done."""
    ends = time.monotonic() + seconds
    left = [proposal for proposal in proposals if proposal.kind.ended]
    while (left := _unended(left, store)) and time.monotonic() < ends:
        time.sleep(POLL_INTERVAL_SECONDS)


def _unended(left: Sequence[Proposal], store: AuditedStore) -> list[Proposal]:
    with closing(connected("orders", store.databases["orders"])) as connection:
        orders = Snapshot("orders", connection)
        return [each for each in left if not list(orders.rows(each.kind.ended, dict(each.facts)))]


def _still_right(proposals: Iterable[Proposal], store: AuditedStore) -> set[Proposal]:
    """Those whose order, read anew, still has the finding that asks for them.

    What is not about an order is looked at by its service alone, in the statement that changes it.
    """
    with snapshots(store.databases) as taken:
        return {
            proposal
            for proposal in proposals
            if proposal.order_id is None or _is_asked_for(proposal, proposal.order_id, taken)
        }


def _is_asked_for(proposal: Proposal, order_id: str, taken: Mapping[str, Snapshot]) -> bool:
    case, check = case_of(taken, order_id), _CHECKS[proposal.check]
    if case is None or not check.concerns(case):
        return False
    finding = check.judge(case, taken["orders"].taken_at)
    return finding is not None and proposal in finding.proposals
