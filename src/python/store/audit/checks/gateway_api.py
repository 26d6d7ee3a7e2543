"""Whether the gateway's API tells the same as its database holds."""

import itertools
import math
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import requests

from store.audit.books.gateway import Gateway
from store.audit.books.snapshots import Snapshot
from store.audit.checks.findings import MAX_FINDINGS, Difference, Tally

PAGE = 100
OUT_OF_STEP_SECONDS = 60
"""How far apart in time the two lists may have the same payment: longer than any call takes."""

SETTLED = frozenset({"succeeded", "canceled"})  # such a payment never changes again
STORED = """
SELECT id, floor(extract(epoch FROM created_at))::bigint, amount, upper(currency), status,
    amount_received
FROM payment_intents WHERE created_at < %(before)s ORDER BY seq DESC
"""
NAME = "the gateway's API tells what its database holds"
MIXED = (
    "The API may be that of another gateway, or the database was restored under it: make sure that both "
    "addresses are of the same gateway, then restart it."
)


class Payment(NamedTuple):
    """A payment intent; the amounts are minor units, the time is in Unix seconds."""

    id: str
    created: int
    amount: int
    currency: str
    status: str
    received: int

    def then(self, then: "Payment") -> "Payment":
        """What must be equal: one that was still open at that time may have moved on since."""
        if then.status in SETTLED:
            return self
        return self._replace(status=then.status, received=then.received)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}, {self.status}, {self.received} received"


def check_api(
    gateway: Gateway, taken: Snapshot, before: datetime, max_findings: int = MAX_FINDINGS
) -> Tally:
    """Compare every payment made before that time, newest first."""
    second = before.replace(microsecond=0)  # the API filters by whole seconds
    stored = itertools.starmap(Payment, taken.rows(STORED, {"before": second}))
    return compare(stored, listed(gateway, second), max_findings)


def compare(
    stored: Iterator[Payment], shown: Iterator[Payment], max_findings: int = MAX_FINDINGS
) -> Tally:
    """Walk both lists, newest first, always that one which is behind.

    One that only one list has is given up when both are a minute past it: so memory holds the
    payments of a minute, whatever is missing, and nothing brings the others out of step.
    """
    tally = Tally(
        NAME,
        "Orders acts on what the API says, and the gateway's books say otherwise.",
        max_findings,
    )
    rows, answers = _Side(stored), _Side(shown)
    while rows.head or answers.head:
        behind, other = (rows, answers) if rows.at >= answers.at else (answers, rows)
        read = behind.read()
        if read.id in other.waiting:
            met = other.waiting.pop(read.id)
            tally.count(read.id, _difference(*((read, met) if behind is rows else (met, read))))
        else:
            behind.waiting[read.id] = read
        _give_up(tally, rows, answers, max(rows.at, answers.at) + OUT_OF_STEP_SECONDS)
    _give_up(tally, rows, answers, -math.inf)
    return tally


class _Side:
    """One of the lists: what comes next, and what has been read but not met in the other."""

    def __init__(self, payments: Iterator[Payment]) -> None:
        self._payments = payments
        self.head = next(payments, None)
        self.waiting: dict[str, Payment] = {}

    @property
    def at(self) -> float:
        """When the next one was made; before all time at the end."""
        return self.head.created if self.head else -math.inf

    def read(self) -> Payment:
        assert self.head is not None  # noqa: S101 - the caller has looked
        read, self.head = self.head, next(self._payments, None)
        return read

    def given_up(self, after: float) -> Iterator[Payment]:
        """Those that were made after this time: the other list would have had them by now."""
        while self.waiting and (first := next(iter(self.waiting.values()))).created > after:
            yield self.waiting.pop(first.id)


def _give_up(tally: Tally, rows: _Side, answers: _Side, after: float) -> None:
    for row in rows.given_up(after):
        tally.count(row.id, Difference(str(row), "nothing", person=MIXED))
    for answer in answers.given_up(after):
        tally.count(answer.id, Difference("nothing", str(answer), person=MIXED))


def _difference(row: Payment, answer: Payment) -> Difference | None:
    if answer.then(row) == row:
        return None
    return Difference(str(row), str(answer), person=MIXED)


def listed(gateway: Gateway, before: datetime) -> Iterator[Payment]:
    """What the API lists, page by page."""
    params: dict[str, Any] = {"limit": PAGE, "created[lt]": int(before.timestamp())}
    with requests.Session() as session:
        while True:
            page = gateway.get("/v1/payment_intents", params, session)
            yield from (_payment(found) for found in page["data"])
            if not page["has_more"]:
                return
            params["starting_after"] = page["data"][-1]["id"]


def _payment(found: Any) -> Payment:
    return Payment(
        found["id"],
        found["created"],
        found["amount"],
        found["currency"].upper(),
        found["status"],
        found["amount_received"],
    )
