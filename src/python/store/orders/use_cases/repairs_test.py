"""What `orders repair` does with orders and their money, and what it leaves alone."""

from dataclasses import replace

import pytest

from store.orders.conftest import Buy
from store.orders.models.order import Order
from store.orders.models.queries import lease_order, order_of
from store.orders.models.states import State, Step
from store.orders.models.tables import database
from store.orders.testing.shop import FakeShop, bring_to_rest
from store.orders.use_cases.repairs import (
    capture_payment,
    make_due,
    resume_refund,
    write_payment,
)
from store.server.ids import new_id
from store.server.process.repairs import LeftAlone, StaleProposal

OVERDUE = "UPDATE orders SET expires_at = now() - interval '1 hour', next_attempt_at = now() + interval '1 day'"


@pytest.fixture
def sold(buy: Buy) -> Order:
    order = buy()
    assert order.state == State.CONFIRMED
    return order


@pytest.fixture
def hanging(buy: Buy) -> Order:
    """An order whose next attempt is a day away, though its time is over."""
    order = buy(seconds=0.0)
    database.run(OVERDUE)
    return order


def facts(order: Order) -> tuple[str, str, int, str]:
    assert order.total is not None
    return str(order.id), order.intent_id, order.total, order.currency


def uncapture(order: Order, shop: FakeShop, capturable: int | None = None) -> None:
    """The gateway is restored to before it captured."""
    found = shop.payments.intents[order.intent_id]
    capturable = found.received if capturable is None else capturable
    shop.payments.intents[found.id] = replace(
        found, status="requires_capture", capturable=capturable, received=0
    )


def test_a_sale_that_the_gateway_forgot_is_captured_once(sold: Order, shop: FakeShop) -> None:
    uncapture(sold, shop)
    for _ in range(2):
        assert capture_payment(shop.payments, *facts(sold)) == f"{sold.total} EUR are captured"
    assert shop.payments.captures[sold.intent_id] == 2  # when it was sold, and now
    assert shop.payments.taken(sold.id) == sold.total
    assert order_of(sold.id).payment == sold.payment


def test_another_amount_than_the_order_s_is_never_captured(sold: Order, shop: FakeShop) -> None:
    uncapture(sold, shop, capturable=1)
    with pytest.raises(LeftAlone, match="another amount was authorised"):
        capture_payment(shop.payments, *facts(sold))
    assert shop.payments.taken(sold.id) == 0


@pytest.mark.parametrize("change", [{1: "pi_other"}, {2: 1}, {3: "USD"}])
def test_what_orders_knows_otherwise_is_left_alone(
    sold: Order, shop: FakeShop, change: dict[int, object]
) -> None:
    uncapture(sold, shop)
    wrong = [change.get(number, fact) for number, fact in enumerate(facts(sold))]
    for repair in (capture_payment, write_payment):
        with pytest.raises(StaleProposal):
            repair(shop.payments, *wrong)  # type: ignore[arg-type]
    assert shop.payments.taken(sold.id) == 0


def test_a_sale_that_is_being_undone_is_not_captured(sold: Order, shop: FakeShop) -> None:
    uncapture(sold, shop)
    database.run(
        "UPDATE orders SET step = 'repay', ending = 'cancelled', reason = 'cancelled_by_staff'"
    )
    with pytest.raises(StaleProposal):
        capture_payment(shop.payments, *facts(sold))
    assert shop.payments.taken(sold.id) == 0


def test_a_refunded_sale_is_not_captured_again(sold: Order, shop: FakeShop) -> None:
    database.run(
        """INSERT INTO refunds (id, order_id, amount, reason, state, requested_by, created_at)
        VALUES (%s, %s, 500, 'broken', 'pending', %s, now())""",
        (new_id(), sold.id, sold.buyer_id),
    )
    uncapture(sold, shop)
    with pytest.raises(LeftAlone, match="it was refunded"):
        capture_payment(shop.payments, *facts(sold))
    assert shop.payments.taken(sold.id) == 0


def test_a_sale_whose_cancellation_is_asked_for_is_not_captured(
    sold: Order, shop: FakeShop
) -> None:
    uncapture(sold, shop)
    database.run("UPDATE orders SET cancel_requested_at = now(), cancel_requested_by = buyer_id")
    with pytest.raises(StaleProposal):
        capture_payment(shop.payments, *facts(sold))
    assert shop.payments.taken(sold.id) == 0


def test_the_payment_of_another_order_is_not_taken_for_its_own(sold: Order, shop: FakeShop) -> None:
    uncapture(sold, shop)
    found = shop.payments.intents[sold.intent_id]
    shop.payments.intents[found.id] = replace(found, order_id=str(new_id()))
    with pytest.raises(StaleProposal):
        capture_payment(shop.payments, *facts(sold))
    assert shop.payments.captures[sold.intent_id] == 1  # when it was sold


def test_a_payment_that_is_written_down_is_not_written_again(sold: Order, shop: FakeShop) -> None:
    with pytest.raises(StaleProposal):
        write_payment(shop.payments, *facts(sold))
    assert order_of(sold.id).version == sold.version


def test_an_order_that_hangs_is_due_now_and_comes_to_its_end(
    hanging: Order, shop: FakeShop
) -> None:
    assert lease_order(hanging.id, new_id()) is None
    assert make_due(str(hanging.id), str(hanging.step)) == "it is due now"
    assert lease_order(hanging.id, new_id()) is not None
    assert bring_to_rest(hanging.id, shop).state == State.REJECTED


def test_whoever_is_at_work_on_an_order_is_not_disturbed(hanging: Order) -> None:
    make_due(str(hanging.id), str(hanging.step))
    assert lease_order(hanging.id, new_id())
    with pytest.raises(LeftAlone, match="somebody is at work on it"):
        make_due(str(hanging.id), str(hanging.step))


def test_an_order_that_went_on_or_is_in_time_is_left_alone(hanging: Order) -> None:
    with pytest.raises(StaleProposal):
        make_due(str(hanging.id), Step.CAPTURE)
    database.run("UPDATE orders SET expires_at = now() + interval '1 minute'")
    with pytest.raises(LeftAlone, match="not overdue any more"):
        make_due(str(hanging.id), str(hanging.step))
    assert order_of(hanging.id).version == hanging.version


def test_a_refund_that_nobody_sees_to_is_resumed_once(sold: Order, shop: FakeShop) -> None:
    with pytest.raises(StaleProposal):
        resume_refund(str(sold.id))
    database.run(
        """INSERT INTO refunds (id, order_id, amount, reason, state, requested_by, created_at)
        VALUES (%s, %s, 500, 'broken', 'pending', %s, now())""",
        (new_id(), sold.id, sold.buyer_id),
    )
    assert resume_refund(str(sold.id)) == "it is due now"
    with pytest.raises(LeftAlone, match="somebody is at work on it"):
        resume_refund(str(sold.id))
    assert bring_to_rest(sold.id, shop).refunded == 500
