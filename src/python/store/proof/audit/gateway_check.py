"""Whether the gateway's API tells the same as its database holds."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import requests

from store.proof.audit.findings import Difference, Tally
from store.proof.audit.snapshots import Snapshot
from store.proof.errors import CannotProve

PAGE = 100
TIMEOUT_SECONDS = 30
SETTLED = frozenset({"succeeded", "canceled"})  # such a payment never changes again
STORED = """
SELECT id, amount, upper(currency), status, amount_received FROM payment_intents
WHERE created_at < %(before)s ORDER BY seq DESC
"""


@dataclass(frozen=True)
class Gateway:
    """Where the gateway's API is, and the key to it."""

    url: str
    key: str


class Payment(NamedTuple):
    """A payment intent; the amounts are minor units."""

    id: str
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


def check_api(gateway: Gateway, taken: Snapshot, before: datetime) -> Tally:
    """Compare every payment made before that time, newest first."""
    second = before.replace(microsecond=0)  # the API filters by whole seconds
    stored = itertools.starmap(Payment, taken.rows(STORED, {"before": second}))
    return compare(stored, listed(gateway, second))


def compare(stored: Iterator[Payment], told: Iterator[Payment]) -> Tally:
    """Walk both lists at once. One that is missing in a list does not bring the others out of step."""
    tally = Tally("the gateway's API tells what its database holds")
    rows: dict[str, Payment] = {}
    answers: dict[str, Payment] = {}
    for row, answer in itertools.zip_longest(stored, told):
        rows |= {row.id: row} if row else {}
        answers |= {answer.id: answer} if answer else {}
        for payment in filter(None, (row, answer)):
            if payment.id in rows and payment.id in answers:
                _judge(tally, rows.pop(payment.id), answers.pop(payment.id))
    for row in rows.values():
        tally.count(row.id, Difference(str(row), "nothing"))
    for answer in answers.values():
        tally.count(answer.id, Difference("nothing", str(answer)))
    return tally


def _judge(tally: Tally, row: Payment, answer: Payment) -> None:
    same = answer.then(row) == row
    tally.count(row.id, None if same else Difference(str(row), str(answer)))


def listed(gateway: Gateway, before: datetime) -> Iterator[Payment]:
    """What the API lists, page by page."""
    params: dict[str, Any] = {"limit": PAGE, "created[lt]": int(before.timestamp())}
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {gateway.key}"
        while True:
            page = _page(session, gateway, params)
            yield from (_payment(found) for found in page["data"])
            if not page["has_more"]:
                return
            params["starting_after"] = page["data"][-1]["id"]


def _page(session: requests.Session, gateway: Gateway, params: dict[str, Any]) -> Any:
    url = f"{gateway.url}/v1/payment_intents"
    try:
        answer = session.get(url, params=params, timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        return answer.json()
    except (requests.RequestException, ValueError) as error:
        raise CannotProve(
            f"The gateway's API at {gateway.url} cannot be read: {type(error).__name__}"
        ) from None


def _payment(found: Any) -> Payment:
    return Payment(
        found["id"],
        found["amount"],
        found["currency"].upper(),
        found["status"],
        found["amount_received"],
    )
