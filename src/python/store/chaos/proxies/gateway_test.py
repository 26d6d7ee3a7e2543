"""Orders' payment client, with Stripe's SDK, through a proxy to the real gateway."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from store.chaos.proxies.fault_rule import Effect, FaultRules
from store.chaos.proxies.proxies import FaultProxies
from store.database.testing import FleetingServer, postgres  # noqa: F401
from store.gateway.models.tables import MIGRATIONS
from store.orders.clients.payments import Payments
from store.orders.errors import PaymentDeclined, PaymentUnknown
from store.server.grpc.testing import running, wait_until
from store.server.ids import new_id

KEY = "sk_test_proxy"
PROGRAM = "from store.gateway.main import main; main()"


@pytest.fixture(scope="module")
def gateway(postgres: FleetingServer) -> Iterator[str]:  # noqa: F811
    """The address of a running gateway."""
    template = postgres.template("gateway", MIGRATIONS)
    with postgres.fresh(template) as config:
        environ = {"DATABASE_URL": config.url, "API_KEYS": KEY, "PUBLIC_URL": "http://127.0.0.1"}
        with running(PROGRAM, "serve", **environ) as program:
            wait_until(program.is_ready, 30)
            yield program.url


@pytest.fixture
def payments(gateway: str, rules: FaultRules, killed: list[str]) -> Iterator[Payments]:
    """The client of orders-1, which knows the gateway by its proxy alone."""
    with FaultProxies(rules, killed.append) as proxies:
        yield Payments(proxies.gateway("orders-1", gateway), KEY)


@pytest.fixture
def order() -> UUID:
    return new_id()


def authorise(payments: Payments, order: UUID, card: str = "pm_card_visa") -> str:
    return payments.authorise(order, 2580, "EUR", card).id


def test_a_payment_is_made_through_the_proxy(payments: Payments, order: UUID) -> None:
    intent = authorise(payments, order)
    assert payments.look(intent).capturable == 2580
    assert payments.capture(order, intent).received == 2580
    refund = payments.refund(new_id(), order, intent, 580)
    assert payments.look_at_refund(refund.id) == refund
    other = authorise(payments, new_id())
    assert payments.cancel(order, other).status == "canceled"


def test_a_decline_keeps_its_reason(payments: Payments, order: UUID) -> None:
    with pytest.raises(PaymentDeclined) as declined:
        authorise(payments, order, "pm_card_visa_chargeDeclinedInsufficientFunds")
    assert declined.value.decline_code == "insufficient_funds"
    assert declined.value.intent_id


@pytest.mark.parametrize("effect", [Effect.KILL, Effect.DROP])
@pytest.mark.parametrize(("side", "received"), [("before", 0), ("after", 2580)])
def test_each_side_of_a_capture_can_be_hit(
    payments: Payments,
    order: UUID,
    rules: FaultRules,
    killed: list[str],
    effect: Effect,
    side: str,
    received: int,
) -> None:
    intent = authorise(payments, order)
    rule = rules.add(f"capture.{side}", effect)
    with pytest.raises(PaymentUnknown):
        payments.capture(order, intent)
    assert rule.wait(1)
    assert killed == (["orders-1"] if effect is Effect.KILL else [])
    assert payments.look(intent).received == received
    assert payments.capture(order, intent).received == 2580


def test_what_is_forwarded_twice_is_done_once(
    payments: Payments, order: UUID, rules: FaultRules
) -> None:
    for call in ("authorise", "capture", "refund"):
        rules.add(f"{call}.after", Effect.TWICE)
    intent = authorise(payments, order)
    assert payments.capture(order, intent).received == 2580
    refund_id = new_id()
    refund = payments.refund(refund_id, order, intent, 580)
    assert payments.find_refund(refund_id, intent) == refund
    assert payments.refund(new_id(), order, intent, 2000).status == "succeeded"


def test_a_gateway_that_is_down_leaves_the_outcome_unknown(
    payments: Payments, order: UUID, rules: FaultRules
) -> None:
    rules.add("authorise.before", Effect.DOWN)
    with pytest.raises(PaymentUnknown):
        authorise(payments, order)
    assert authorise(payments, order).startswith("pi_")
