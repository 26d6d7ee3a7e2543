"""Orders are ended by their own engine. All an audit does is to put them in front of a worker again."""

from dataclasses import dataclass

from store.audit.repairs.remedy import Hands, NotRepaired

_AT_WORK = "somebody is at work on it"

# A lease that ran out belongs to a process that died; a live one is respected.
_DUE = """
UPDATE orders SET next_attempt_at = now(), attempts = 0, lease = NULL, leased_until = NULL,
    version = version + 1
WHERE id = %(order)s::uuid AND step IS NOT NULL AND (leased_until IS NULL OR leased_until <= now())
RETURNING id
"""
_RESUME = """
UPDATE orders SET step = 'repay', next_attempt_at = now(), attempts = 0, version = version + 1
WHERE id = %(order)s::uuid AND step IS NULL
    AND EXISTS (SELECT FROM refunds WHERE order_id = orders.id AND state = 'pending')
RETURNING id
"""
_AT_REST = "SELECT id FROM orders WHERE id = %(order)s::uuid AND step IS NULL"


@dataclass(frozen=True)
class MakeDue:
    """Lets the next worker that looks take the order on."""

    order_id: str

    @property
    def does(self) -> str:
        return f"make order {self.order_id} due now, for a worker to end it"

    def apply(self, hands: Hands) -> str:
        if not hands.orders.run(_DUE, order=self.order_id):
            raise NotRepaired(_AT_WORK)
        return "it is due now"

    def is_over(self, hands: Hands) -> bool:
        return bool(hands.orders.run(_AT_REST, order=self.order_id))


@dataclass(frozen=True)
class ResumeRefund:
    """Lets a worker see to a refund that was promised and that nobody is seeing to."""

    order_id: str

    @property
    def does(self) -> str:
        return f"let a worker see to the open refund of order {self.order_id}"

    def apply(self, hands: Hands) -> str:
        if not hands.orders.run(_RESUME, order=self.order_id):
            raise NotRepaired(_AT_WORK)
        return "it is due now"

    def is_over(self, hands: Hands) -> bool:
        return bool(hands.orders.run(_AT_REST, order=self.order_id))
