"""Money: what is authorised is captured for a sale or let go, and orders writes down what was captured.

Nothing here gives money back, and nothing captures twice: a payment intent's own state refuses that.
"""

from dataclasses import dataclass
from typing import Any

from store.audit.gateway import Refused
from store.audit.repairs.remedy import Hands, NotRepaired

_NEW_VERSION = """
UPDATE orders SET version = version + 1
WHERE id = %(order)s::uuid AND step IS NULL AND total = %(amount)s AND currency = %(currency)s
RETURNING id
"""
# The version has moved, so whoever read the order before cannot write what he believed.
_PAID = """
INSERT INTO payments AS p (order_id, amount, currency, status, intent_id, authorised, captured)
VALUES (%(order)s::uuid, %(amount)s, %(currency)s, 'succeeded', %(intent)s, %(amount)s, %(amount)s)
ON CONFLICT (order_id) DO UPDATE SET status = excluded.status, intent_id = excluded.intent_id,
    authorised = excluded.authorised, captured = excluded.captured, next_action = NULL
WHERE p.captured = 0 AND coalesce(p.intent_id, excluded.intent_id) = excluded.intent_id
RETURNING captured
"""


@dataclass(frozen=True)
class CancelPayment:
    """Lets go of an authorisation that nobody will capture. What was captured is refused."""

    order_id: str
    intent_id: str

    @property
    def does(self) -> str:
        return f"cancel payment {self.intent_id}, which was not captured"

    def apply(self, hands: Hands) -> str:
        try:
            hands.gateway.settle("cancel", self.intent_id, f"audit-cancel-{self.intent_id}")
        except Refused as refused:
            raise NotRepaired(f"the gateway refuses: {refused}") from None
        status = hands.gateway.look(self.intent_id)["status"]
        if status != "canceled":
            raise NotRepaired(f"the payment is {status}")
        return "the payment is canceled"


@dataclass(frozen=True)
class WritePayment:
    """Writes into orders that its payment was captured, as the gateway says."""

    order_id: str
    intent_id: str
    amount: int
    currency: str

    @property
    def does(self) -> str:
        return f"write into orders that {self.intent_id} captured {self.amount} {self.currency}"

    def apply(self, hands: Hands) -> str:
        paid = hands.gateway.look(self.intent_id)
        if (paid["status"], paid["amount_received"]) != ("succeeded", self.amount):
            raise NotRepaired(f"the payment is {paid['status']}")
        if not self.write(hands):
            raise NotRepaired("orders says otherwise by now")
        return f"orders says that {self.amount} {self.currency} were captured"

    def write(self, hands: Hands) -> bool:
        """Whether it was written, and not there already."""
        values = {
            "order": self.order_id, "intent": self.intent_id,
            "amount": self.amount, "currency": self.currency,
        }  # fmt: skip
        with hands.orders.transaction() as run:
            return bool(run(_NEW_VERSION, **values) and run(_PAID, **values))


@dataclass(frozen=True)
class CapturePayment:
    """Captures what a sold order was authorised for, to the penny, and writes it down."""

    order_id: str
    intent_id: str
    amount: int
    currency: str

    @property
    def does(self) -> str:
        return f"capture payment {self.intent_id}: {self.amount} {self.currency}"

    def apply(self, hands: Hands) -> str:
        # The engine's own key, so that a request of it that is still on its way is this one. A gateway
        # that was restored may know the key's answer, but not what it did: then the second is tried.
        for key in (f"order-{self.order_id}-capture", f"audit-capture-{self.intent_id}"):
            if (found := hands.gateway.look(self.intent_id))["status"] != "requires_capture":
                break
            self._capture(hands, found, key)
        found = hands.gateway.look(self.intent_id)
        if (found["status"], found["amount_received"]) != ("succeeded", self.amount):
            raise NotRepaired(f"the payment is {found['status']}")
        WritePayment(self.order_id, self.intent_id, self.amount, self.currency).write(hands)
        return f"{self.amount} {self.currency} are captured"

    def _capture(self, hands: Hands, found: Any, key: str) -> None:
        if (found["amount"], found["currency"].upper()) != (self.amount, self.currency):
            raise NotRepaired("another amount was authorised")
        try:
            hands.gateway.settle("capture", self.intent_id, key)
        except Refused as refused:
            raise NotRepaired(f"the gateway refuses: {refused}") from None
