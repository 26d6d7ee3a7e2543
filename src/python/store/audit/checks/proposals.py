"""What puts a finding right where there is exactly one right answer: a proposal to who owns the data.

An audit writes nowhere. Each proposal goes to the command `repair` of one service, as a line of JSON;
that service looks again, at its own data and under a lock, and does it or leaves it alone.

What has more than one right answer is left to a person. So is everything that cannot be taken back
on a mere suspicion: a refund, a second capture, a line in the ledger of the shelves.
"""

import json
from dataclasses import dataclass, field
from typing import Any

Facts = tuple[tuple[str, str | int], ...]


@dataclass(frozen=True)
class RepairKind:
    """One kind of repair: its name, the service that does it, and what it does, for people.

    Some are only begun by the service: `ended` is a query to orders that has a row once a worker is
    done with it.
    """

    name: str
    service: str
    does: str
    ended: str = ""


@dataclass(frozen=True)
class Proposal:
    """One thing to do, and all that its service needs to do it. Proposals that are equal do the same.

    `check`, `subject`, `expected` and `found` are of the finding that it is for.
    """

    kind: RepairKind
    facts: Facts
    check: str = field(default="", compare=False)
    subject: str = field(default="", compare=False)
    expected: str = field(default="", compare=False)
    found: str = field(default="", compare=False)

    @property
    def does(self) -> str:
        """What it does, for people: `cancel payment pi_1, which was not captured`."""
        return self.kind.does.format(**dict(self.facts))

    @property
    def order_id(self) -> str | None:
        """The order that it is about, if it is about one."""
        named = dict(self.facts).get("order_id")
        return None if named is None else str(named)

    @property
    def line(self) -> str:
        """It as a line of JSON."""
        said: dict[str, Any] = {
            "service": self.kind.service,
            "kind": self.kind.name,
            "check": self.check,
            "subject": self.subject,
            "expected": self.expected,
            "found": self.found,
            "facts": dict(self.facts),
        }
        return json.dumps(said)


def propose(kind: RepairKind, **facts: str | int) -> Proposal:
    """A proposal of that kind."""
    return Proposal(kind, tuple(facts.items()))


_AT_REST = "SELECT 1 FROM orders WHERE id = %(order_id)s::uuid AND step IS NULL"
_DELIVERED = """
SELECT 1 FROM webhook_deliveries
WHERE endpoint_id = %(endpoint_id)s::uuid AND event_id = %(event_id)s AND state <> 'pending'
"""

# Facts: order_id, intent_id, and the status that the payment has.
CANCEL_PAYMENT = RepairKind(
    "cancel_payment", "gateway", "cancel payment {intent_id}, which was not captured"
)
# Facts: order_id, intent_id, amount in minor units, currency.
CAPTURE_PAYMENT = RepairKind(
    "capture_payment", "orders", "capture payment {intent_id}: {amount} {currency}"
)
WRITE_PAYMENT = RepairKind(
    "write_payment",
    "orders",
    "write into orders that {intent_id} captured {amount} {currency}",
)
# Facts: order_id, and the step that is overdue.
MAKE_DUE = RepairKind(
    "make_due", "orders", "make order {order_id} due now, for a worker to end it", _AT_REST
)
# Facts: order_id.
RESUME_REFUND = RepairKind(
    "resume_refund", "orders", "let a worker see to the open refund of order {order_id}", _AT_REST
)
# Facts: endpoint_id, event_id.
PUT_DELIVERY_BACK = RepairKind(
    "put_delivery_back",
    "orders",
    "put the delivery of event {event_id} to endpoint {endpoint_id} back",
)
SEND_NOW = RepairKind(
    "send_now", "orders", "send event {event_id} to endpoint {endpoint_id} now", _DELIVERED
)
# Facts: order_id.
COMMIT_STOCK = RepairKind(
    "commit_stock", "inventory", "commit the stock of order {order_id} through inventory"
)
# Facts: order_id, and the state that its reservation has.
RELEASE_STOCK = RepairKind(
    "release_stock", "inventory", "release the stock of order {order_id} through inventory"
)
# Facts: sku, warehouse.
CORRECT_RESERVED = RepairKind(
    "correct_reserved",
    "inventory",
    "set what {sku} in {warehouse} has reserved to the sum of its held lines",
)
