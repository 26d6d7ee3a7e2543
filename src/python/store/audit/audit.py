"""The audit: every check over everything.

result = audited(urls, Gateway(url, key), grace=60)
assert result.found == 0, as_json(result)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from store.audit.books.gateway import Gateway
from store.audit.books.snapshots import Snapshot, snapshots
from store.audit.cases.case import Case
from store.audit.cases.merge import cases
from store.audit.checks import deliveries, gateway_api, life, money, refunds, stock, tables, totals
from store.audit.checks.check import Check
from store.audit.checks.deliveries import check_deliveries
from store.audit.checks.findings import MAX_FINDINGS, Tally
from store.audit.checks.gateway_api import check_api
from store.audit.checks.tables import check_tables
from store.audit.checks.totals import Totals

EVENT_LIMIT = 900
"""Seconds after which an event should have reached every active endpoint."""

CHECKS = (*life.CHECKS, *money.CHECKS, *refunds.CHECKS, *stock.CHECKS)

NAMES = (
    *(check.name for check in CHECKS),
    totals.NAME,
    *tables.NAMES,
    *(search.name for search in deliveries.SEARCHES),
    gateway_api.NAME,
)
"""What the checks are called, as in a Result."""


@dataclass(frozen=True)
class Rules:
    """What an audit goes by, all in seconds but `max_findings`: so many findings are remembered of each check.

    What changed within `grace` is not judged, but for the orders in `anyway`. A database that cannot be
    reached yet is waited for up to `patience`.
    """

    grace: int = 60
    event_limit: int = EVENT_LIMIT
    max_findings: int = MAX_FINDINGS
    anyway: frozenset[str] = frozenset()
    patience: float = 0


@dataclass(frozen=True)
class Result:
    """Every check's row, the money per currency, and how many orders were too young to judge."""

    tallies: list[Tally]
    totals: Totals
    not_judged: int

    @property
    def found(self) -> int:
        return sum(tally.found for tally in self.tallies)


def audited(
    urls: Mapping[str, str],
    gateway: Gateway,
    grace: int = Rules.grace,
    event_limit: int = EVENT_LIMIT,
) -> Result:
    """Every check over everything; CannotProve if something cannot be read.

    `urls` are addresses of databases by service; a role that may only read is enough.
    """
    return audited_by(Rules(grace, event_limit), urls, gateway)


def audited_by(rules: Rules, urls: Mapping[str, str], gateway: Gateway) -> Result:
    """As `audited`, by these rules."""
    with snapshots(urls, rules.patience) as taken:
        result = judged(taken, rules)
        before = _before(taken, rules)
        result.tallies.append(check_api(gateway, taken["gateway"], before, rules.max_findings))
        return result


def judged(taken: Mapping[str, Snapshot], rules: Rules) -> Result:
    """Every check over the databases."""
    tallies = [(check, Tally(check.name, check.means, rules.max_findings)) for check in CHECKS]
    before, sums, not_judged = _before(taken, rules), Totals(), 0
    for case in cases(taken):
        if case.order_id in rules.anyway:
            _judge(case, tallies, taken["orders"].taken_at)
        elif case.touched_at < before:
            _judge(case, tallies, before)
        else:
            not_judged += 1
            continue
        sums.add(case)
    params = {"before": before, "limit": rules.event_limit}
    return Result(
        [
            *(tally for _, tally in tallies),
            sums.check(),
            *check_tables(taken, params, rules.max_findings),
            *check_deliveries(taken["orders"], params, rules.max_findings),
        ],
        sums,
        not_judged,
    )


def _judge(case: Case, tallies: list[tuple[Check, Tally]], before: datetime) -> None:
    for check, tally in tallies:
        if check.concerns(case):
            tally.count(f"order {case.order_id}", check.judge(case, before))


def _before(taken: Mapping[str, Snapshot], rules: Rules) -> datetime:
    return taken["orders"].taken_at - timedelta(seconds=rules.grace)
