"""Random histories of a shop in which everything fails, beside a model of what must never be.

A run takes some seconds and is the same each time. To look longer, and elsewhere each time:

    SURVIVAL_PROFILE=long ./pants test --no-timeouts src/python/store/orders/saga/survival_machine_test.py
"""

import contextlib
import logging
import math
import os
from itertools import count
from uuid import UUID

import orjson
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from store.auth.callers import Caller, Role
from store.database.database import Database
from store.database.idempotency import IdempotencyKeys, IdempotentRequest
from store.orders.errors import LineRefused
from store.orders.models import tables
from store.orders.models.order import Line, Order
from store.orders.models.queries import lease_order, order_of
from store.orders.models.states import State
from store.orders.saga.engine import advance, work_on
from store.orders.testing.books import wrong_in_the_books
from store.orders.testing.fake_inventory import FakeInventory
from store.orders.testing.fake_payments import DECLINED, THREE_D_SECURE
from store.orders.testing.faults import Fault, Faults, SimulatedCrash
from store.orders.testing.flows import VISA, is_at_rest
from store.orders.testing.shop import ADDRESS, bring_to_rest, fake_shop, started, time_passes
from store.orders.use_cases.cancellation import cancel_order
from store.orders.use_cases.gateway_events import receive_event
from store.orders.use_cases.placement import Basket, place_order
from store.orders.use_cases.refunds import refund_order
from store.orders.use_cases.shipments import deliver_order, ship_order
from store.server.errors import Conflict, Unavailable, Unprocessable
from store.server.ids import new_id

CALM = settings(
    deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=False
)
settings.register_profile("short", CALM, max_examples=100, stateful_step_count=40, derandomize=True)
settings.register_profile("long", CALM, max_examples=2000, stateful_step_count=100)

UNITS = 8
TIRED = (SimulatedCrash, Unavailable)
IMPOSSIBLE = (Conflict, Unprocessable)
CALLS = ("reserve", "authorise", "look", "commit", "capture", "cancel", "refund", "release")
NEWS = ("payment_intent.succeeded", "payment_intent.canceled", "refund.updated", "refund.failed")

orders = st.integers(0, 9)
faults = st.sampled_from(Fault)
_numbers = count()


class SurvivalMachine(RuleBasedStateMachine):
    """One shop, its buyers and its workers. The model: units, keys, and who was promised what."""

    @initialize()
    def open(self) -> None:
        self.shop = fake_shop(MUG=UNITS)
        self.buyer = Caller(new_id(), Role.CUSTOMER)
        self.clerk = Caller(new_id(), Role.STAFF)
        self.units = UNITS
        self.keys: dict[str, UUID] = {}
        self.baskets: dict[str, Basket] = {}
        self.promised_to_cancel: set[UUID] = set()
        for side in (self.shop.inventory, self.shop.payments):
            side.faults.meanwhile = self.others_go_on

    # What people do.

    @rule(
        quantity=st.integers(1, 4), method=st.sampled_from([VISA, VISA, THREE_D_SECURE, DECLINED])
    )
    def place(self, quantity: int, method: str) -> None:
        key = f"key-{next(_numbers)}"
        self.baskets[key] = Basket("EUR", (Line("MUG", quantity),), method, ADDRESS)
        self.send(key)

    @precondition(lambda self: self.keys)
    @rule(number=orders)
    def send_again(self, number: int) -> None:
        tables.database.run("UPDATE idempotency_keys SET locked_until = now()")
        self.send(list(self.keys)[-1 - number % len(self.keys)])

    def send(self, key: str) -> None:
        begun = IdempotencyKeys(tables.database).begin(str(self.buyer.id), key, "fingerprint")
        assert isinstance(begun, IdempotentRequest)
        assert begun.resource_id == (str(self.keys[key]) if key in self.keys else None)
        with contextlib.suppress(*TIRED, LineRefused):
            place_order(self.buyer, self.baskets[key], begun, self.shop, 0.0)
        self.keys[key] = UUID(begun.resource_id)

    @precondition(lambda self: self.keys)
    @rule(number=orders, by_staff=st.booleans())
    def cancel(self, number: int, by_staff: bool) -> None:
        order_id = self.one_of_the_orders(number)
        with contextlib.suppress(*TIRED, Conflict):
            cancel_order(order_id, self.clerk if by_staff else self.buyer, self.shop, 0.0)
            self.promised_to_cancel.add(order_id)

    @precondition(lambda self: self.keys)
    @rule(number=orders, amount=st.sampled_from([None, 100, 1290]))
    def refund(self, number: int, amount: int | None) -> None:
        order_id = self.one_of_the_orders(number)
        with contextlib.suppress(*IMPOSSIBLE):
            refund_order(order_id, self.clerk, amount, "scratched", started(self.clerk))

    @precondition(lambda self: self.keys)
    @rule(number=orders)
    def ship_or_deliver(self, number: int) -> None:
        order_id = self.one_of_the_orders(number)
        with contextlib.suppress(Conflict):
            ship_order(order_id, self.clerk, "DHL", "1")
            return
        with contextlib.suppress(Conflict):
            deliver_order(order_id)

    @precondition(lambda self: self.keys)
    @rule(number=orders, well=st.booleans())
    def answer_the_bank(self, number: int, well: bool) -> None:
        intent = self.intent_of(self.one_of_the_orders(number))
        if intent and self.shop.payments.intents[intent].status == "requires_action":
            self.shop.payments.pass_challenge(intent, well=well)

    # What workers, the gateway, the bank and time do.

    @precondition(lambda self: self.keys)
    @rule(number=orders, in_haste=st.booleans())
    def work(self, number: int, in_haste: bool) -> None:
        with contextlib.suppress(*TIRED):
            advance(self.one_of_the_orders(number), self.shop, 0.0 if in_haste else math.inf)

    @precondition(lambda self: self.keys)
    @rule(number=orders)
    def one_sleeps_over_his_lease(self, number: int) -> None:
        order_id = self.one_of_the_orders(number)
        sleeper = lease_order(order_id, new_id())
        self.others_go_on()
        if sleeper:
            with contextlib.suppress(*TIRED):
                work_on(sleeper, self.shop, math.inf)

    @rule()
    def others_go_on(self) -> None:
        time_passes()
        for order_id in self.keys.values():
            with contextlib.suppress(*TIRED):
                advance(order_id, self.shop, math.inf)

    @precondition(lambda self: self.keys)
    @rule(number=orders, kind=st.sampled_from(NEWS), event=st.integers(0, 3))
    def receive_event(self, number: int, kind: str, event: int) -> None:
        """News of the gateway: late, early, untrue, and more than once."""
        order_id = self.one_of_the_orders(number)
        about = self.refund_of(order_id) if kind.startswith("refund") else self.intent_of(order_id)
        news = {"id": about or "", "metadata": {"order_id": str(order_id)}}
        body = {"id": f"evt_{order_id}_{event}", "type": kind, "data": {"object": news}}
        with contextlib.suppress(*TIRED):
            receive_event(orjson.dumps(body), self.shop)

    @rule(status=st.sampled_from(["succeeded", "pending"]))
    def banks_become(self, status: str) -> None:
        self.shop.payments.refund_status = status

    @precondition(lambda self: self.keys)
    @rule(number=orders)
    def let_a_hold_expire(self, number: int) -> None:
        order_id = self.one_of_the_orders(number)
        if self.shop.inventory.state_of(order_id) == "held":
            self.shop.inventory.expire(order_id)

    @rule(change=st.sampled_from([-1, 1, 2]))
    def units_go_and_come(self, change: int) -> None:
        change = max(change, -self.shop.inventory.shelf["MUG"])
        self.shop.inventory.shelf["MUG"] += change
        self.units += change

    @rule(call=st.sampled_from(CALLS), fault=faults)
    def something_will_fail(self, call: str, fault: Fault) -> None:
        self.faults_of(call).next(call, fault)

    # What must be at any moment, and at rest.

    @invariant()
    def no_unit_is_lost_or_sold_twice(self) -> None:
        if not hasattr(self, "shop"):
            return
        inventory = self.shop.inventory
        taken = sum(
            quantity
            for reserved in inventory.reserved.values()
            if reserved.state in ("held", "committed")
            for _, quantity in reserved.lines
        )
        assert inventory.shelf["MUG"] >= 0
        assert inventory.shelf["MUG"] + taken == self.units

    @invariant()
    def no_money_is_taken_twice_or_given_back_too_much(self) -> None:
        if not hasattr(self, "shop"):
            return
        payments = self.shop.payments
        assert len(set(payments.orders.values())) == len(payments.orders)
        for key, intent in payments.intents.items():
            assert payments.captures[key] <= 1
            assert 0 <= payments.refunded[key] <= intent.received <= payments.amounts[key]

    def teardown(self) -> None:
        """All faults end, and every order comes to rest with right books and kept promises."""
        for side in (self.shop.inventory, self.shop.payments):
            side.faults.waiting.clear()
            side.faults.down_for = 0
        self.shop.payments.refund_status = "succeeded"
        for order_id in self.keys.values():
            order = self.at_rest(order_id)
            assert wrong_in_the_books(order, self.shop) == []
            assert order.state == State.CANCELLED or order_id not in self.promised_to_cancel

    def at_rest(self, order_id: UUID) -> Order:
        self.shop.payments.end_refunds("succeeded")
        tables.database.run("UPDATE orders SET expires_at = now() WHERE step IS NOT NULL")
        return bring_to_rest(order_id, self.shop, until=is_at_rest)

    def one_of_the_orders(self, number: int) -> UUID:
        return list(self.keys.values())[-1 - number % len(self.keys)]

    def intent_of(self, order_id: UUID) -> str | None:
        owners = self.shop.payments.orders.items()
        return next((key for key, owner in owners if owner == order_id), None)

    def refund_of(self, order_id: UUID) -> str | None:
        refunds = order_of(order_id).refunds
        return refunds[-1].gateway_id if refunds else None

    def faults_of(self, call: str) -> Faults:
        of_inventory = hasattr(FakeInventory, call)
        return self.shop.inventory.faults if of_inventory else self.shop.payments.faults


def test_in_any_history_money_and_stock_are_right_at_last(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    profile = settings.get_profile(os.environ.get("SURVIVAL_PROFILE", "short"))
    with caplog.at_level(logging.ERROR):
        run_state_machine_as_test(SurvivalMachine, settings=profile)
    assert [record.message for record in caplog.records if record.exc_info] == []
