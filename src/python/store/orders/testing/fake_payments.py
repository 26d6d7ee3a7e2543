"""The payment gateway for tests: honest about the money, and able to fail at any call."""

# ruff: noqa: ARG002 - a fake takes what the real one takes, and needs less of it.

from collections import Counter
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from store.orders.clients.payments import Intent, Payments, Repayment
from store.orders.errors import PaymentDeclined, PaymentFrozen, PaymentUnknown
from store.orders.testing.faults import Faults
from store.server.ids import new_id

THREE_D_SECURE = "pm_card_authenticationRequired"
DECLINED = "pm_card_visa_chargeDeclined"


class FakePayments(Payments):
    """A gateway that keeps idempotency keys and knows how much money it holds and has taken."""

    def __init__(self) -> None:
        self.intents: dict[str, Intent] = {}
        self.orders: dict[str, UUID] = {}
        self.amounts: dict[str, int] = {}
        self.refunds: dict[UUID, Repayment] = {}
        self.refund_intents: dict[UUID, str] = {}
        self.refund_amounts: dict[UUID, int] = {}
        self.refunded: Counter[str] = Counter()
        self.refund_status = "succeeded"
        self.keys_forgotten = False
        self.frozen = False
        self.captures: Counter[str] = Counter()
        self._answers: dict[str, Intent | PaymentDeclined] = {}
        self.faults = Faults(unanswered=PaymentUnknown)

    def authorise(self, order_id: UUID, amount: int, currency: str, method: str) -> Intent:
        """As the real one."""
        return self.faults.around(
            "authorise", lambda: self._authorise(order_id, amount, currency, method)
        )

    def look(self, intent_id: str) -> Intent:
        """As the real one."""
        return self.faults.around("look", lambda: self.intents[intent_id])

    def find(self, order_id: UUID, asked_at: datetime) -> Intent | None:
        """As the real one."""
        found = [key for key, owner in self.orders.items() if owner == order_id]
        return self.faults.around("find", lambda: self.intents[found[0]] if found else None)

    def capture(self, order_id: UUID, intent_id: str) -> Intent:
        """As the real one."""
        return self.faults.around("capture", lambda: self._capture(intent_id))

    def capture_anew(self, order_id: UUID, intent_id: str) -> Intent:
        """As the real one."""
        return self.faults.around("capture", lambda: self._capture(intent_id))

    def cancel(self, order_id: UUID, intent_id: str) -> Intent:
        """As the real one."""
        return self.faults.around("cancel", lambda: self._cancel(intent_id))

    def refund(self, refund_id: UUID, order_id: UUID, intent_id: str, amount: int) -> Repayment:
        """As the real one."""
        return self.faults.around("refund", lambda: self._refund(refund_id, intent_id, amount))

    def find_refund(self, refund_id: UUID, intent_id: str) -> Repayment | None:
        """As the real one."""
        return self.faults.around("find_refund", lambda: self.refunds.get(refund_id))

    def look_at_refund(self, gateway_id: str) -> Repayment:
        """As the real one."""
        refunds = {repayment.id: repayment for repayment in self.refunds.values()}
        return self.faults.around("look_at_refund", lambda: refunds[gateway_id])

    def pass_challenge(self, intent_id: str, *, well: bool = True) -> None:
        """The buyer passes 3-D Secure, or fails it."""
        status = "requires_capture" if well else "requires_payment_method"
        amount = self.amounts[intent_id] if well else 0
        passed = replace(self.intents[intent_id], status=status, capturable=amount)
        self.intents[intent_id] = replace(passed, next_action=None)

    def end_refunds(self, status: str) -> None:
        """The bank makes up its mind: all refunds so far end like this."""
        for key, repayment in self.refunds.items():
            if status == "failed":
                self.refunded[self.refund_intents[key]] -= self.refund_amounts[key]
            self.refunds[key] = replace(repayment, status=status)

    def held(self, order_id: UUID) -> int:
        """The money put aside for an order and not taken."""
        return sum(intent.capturable for intent in self._of(order_id))

    def taken(self, order_id: UUID) -> int:
        """The money taken for an order and not given back."""
        return sum(intent.received - self.refunded[intent.id] for intent in self._of(order_id))

    def _of(self, order_id: UUID) -> list[Intent]:
        return [self.intents[key] for key, owner in self.orders.items() if owner == order_id]

    def _authorise(self, order_id: UUID, amount: int, currency: str, method: str) -> Intent:
        if self.frozen:
            raise PaymentFrozen("an internal error, repeated")
        key = f"order-{order_id}-authorise"
        if key not in self._answers or self.keys_forgotten:
            self._answers[key] = self._new(order_id, amount, currency, method)
        answer = self._answers[key]
        if isinstance(answer, PaymentDeclined):
            raise answer
        return answer

    def _new(
        self, order_id: UUID, amount: int, currency: str, method: str
    ) -> Intent | PaymentDeclined:
        made = Intent(
            f"pi_{new_id().hex}",
            "requires_capture",
            amount,
            currency=currency,
            order_id=str(order_id),
        )
        if method == THREE_D_SECURE:
            page = "https://bank.example/3ds"
            made = replace(made, status="requires_action", capturable=0, next_action=page)
        if method == DECLINED:
            made = replace(made, status="requires_payment_method", capturable=0)
        self.intents[made.id], self.orders[made.id] = made, order_id
        self.amounts[made.id] = amount
        return PaymentDeclined("generic_decline", made.id) if method == DECLINED else made

    def _capture(self, intent_id: str) -> Intent:
        found = self.intents[intent_id]
        if found.status == "requires_capture":
            self.captures[intent_id] += 1
            found = replace(found, status="succeeded", received=found.capturable, capturable=0)
            self.intents[intent_id] = found
        if found.status != "succeeded":
            raise PaymentDeclined("payment_intent_unexpected_state")
        return found

    def _cancel(self, intent_id: str) -> Intent:
        found = self.intents[intent_id]
        if found.status != "succeeded":
            self.intents[intent_id] = replace(found, status="canceled", capturable=0)
        return self.intents[intent_id]

    def _refund(self, refund_id: UUID, intent_id: str, amount: int) -> Repayment:
        if refund_id not in self.refunds:
            if self.refunded[intent_id] + amount > self.intents[intent_id].received:
                raise PaymentDeclined("charge_already_refunded")
            self.refunds[refund_id] = Repayment(f"re_{new_id().hex}", self.refund_status)
            self.refund_intents[refund_id], self.refund_amounts[refund_id] = intent_id, amount
            if self.refund_status != "failed":
                self.refunded[intent_id] += amount
        return self.refunds[refund_id]
