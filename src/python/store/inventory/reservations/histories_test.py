"""Random histories of a shop, beside a model that knows nothing but sums."""

from itertools import count
from typing import Any
from uuid import UUID

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

from store.inventory.errors import (
    OutOfStock,
    ReservationDiffers,
    ReservationReleased,
    UnitsReserved,
)
from store.inventory.models.reservations import RequestedLine
from store.inventory.reservations.batcher import serve_alone
from store.inventory.reservations.lifecycle import (
    commit,
    quote,
    release,
    reservation_of,
    reserve,
    sweep,
)
from store.inventory.testing.stock import add_variant, deliver, stock_levels, wrong_in_the_books
from store.inventory.use_cases.stock import set_level
from store.server.ids import new_id

WAREHOUSES = ("A", "B", "C")
_numbers = count()

BASKETS: list[dict[int, int]] = [{0: 1}, {0: 4}, {1: 5}, {0: 3, 1: 4}, {1: 8}]

positions = st.integers(0, 1)
orders = st.integers(0, 9)


class ReservationHistories(RuleBasedStateMachine):
    """Two SKUs in three warehouses. The model: units on hand, and orders with state and basket."""

    @initialize()
    def open(self) -> None:
        number = next(_numbers)
        self.skus = [f"{number}-A", f"{number}-B"]
        for sku in self.skus:
            add_variant(sku)
            for warehouse in WAREHOUSES:
                deliver(sku, 3, warehouse)
        self.on_hand = [9, 9]
        self.known: dict[UUID, tuple[str, dict[int, int]]] = {}

    def left(self, position: int) -> int:
        held = (basket.get(position, 0) for state, basket in self.known.values() if state == "held")
        return self.on_hand[position] - sum(held)

    def enough(self, basket: dict[int, int]) -> bool:
        return all(self.left(position) >= amount for position, amount in basket.items())

    def sell(self, basket: dict[int, int], sign: int = 1) -> None:
        for position, amount in basket.items():
            self.on_hand[position] -= sign * amount

    @rule(position=positions, quantity=st.integers(1, 4), warehouse=st.sampled_from(WAREHOUSES))
    def receive(self, position: int, quantity: int, warehouse: str) -> None:
        deliver(self.skus[position], quantity, warehouse)
        self.on_hand[position] += quantity

    @rule(position=positions, quantity=st.integers(0, 4), warehouse=st.sampled_from(WAREHOUSES))
    def count(self, position: int, quantity: int, warehouse: str) -> None:
        sku = self.skus[position]
        sweep()
        before, reserved = stock_levels().get((sku, warehouse), (0, 0))
        arguments = (sku, warehouse, quantity, "", f"count-{next(_numbers)}", "test")
        if quantity < reserved:
            with pytest.raises(UnitsReserved):
                set_level(*arguments)
        else:
            set_level(*arguments)
            self.on_hand[position] += quantity - before

    @rule(basket=st.sampled_from(BASKETS), seconds=st.sampled_from([0, 900]))
    def reserve_anew(self, basket: dict[int, int], seconds: int) -> None:
        self.reserve(new_id(), basket, seconds)

    @precondition(lambda self: self.known)
    @rule(number=orders, other=st.sampled_from([*[None] * 9, *BASKETS]))
    def reserve_again(self, number: int, other: dict[int, int] | None) -> None:
        order = self.one_of_the_orders(number)
        self.reserve(order, other or self.known[order][1], 900)

    def one_of_the_orders(self, number: int) -> UUID:
        return list(self.known)[-1 - number % len(self.known)]

    def reserve(self, order: UUID, basket: dict[int, int], seconds: int) -> None:
        state, known = self.known.get(order, ("new", basket))
        after = state
        if state == "released":
            expected: Any = ReservationReleased
        elif known != basket:
            expected = ReservationDiffers
        elif state in ("new", "expired"):
            after = "held" if seconds else "expired"
            expected = after if self.enough(basket) else OutOfStock
        else:
            expected = state
        lines = [RequestedLine(self.skus[position], amount) for position, amount in basket.items()]
        self.ask(expected, lambda: reserve(serve_alone, order, "EUR", lines, seconds))
        if expected == after != "new":
            self.known[order] = (after, basket)

    @precondition(lambda self: self.known)
    @rule(number=orders)
    def commit(self, number: int) -> None:
        order = self.one_of_the_orders(number)
        state, basket = self.known[order]
        expected: Any = ReservationReleased if state == "released" else None
        if state == "expired" and not self.enough(basket):
            expected = OutOfStock
        self.ask(expected or "committed", lambda: commit(serve_alone, order))
        if state in ("held", "expired") and not expected:
            self.sell(basket)
            self.known[order] = ("committed", basket)

    @precondition(lambda self: self.known)
    @rule(number=orders)
    def release(self, number: int) -> None:
        order = self.one_of_the_orders(number)
        state, basket = self.known[order]
        self.ask("released", lambda: release(serve_alone, order, "cancelled"))
        if state == "committed":
            self.sell(basket, -1)
        self.known[order] = ("released", basket)

    @rule()
    def sweep(self) -> None:
        sweep()

    def ask(self, expected: Any, call: Any) -> None:
        """The call must end in this state, or raise this error."""
        if isinstance(expected, str):
            assert call().state == expected
        else:
            with pytest.raises(expected):
                call()

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "known"):
            return
        offers = quote("EUR", [RequestedLine(sku, 1) for sku in self.skus]).lines
        assert [left for _, left in offers] == [self.left(position) for position in (0, 1)]
        for order, (state, _) in self.known.items():
            assert reservation_of(order).state == state

    def teardown(self) -> None:
        assert wrong_in_the_books() == {}


def test_any_history_agrees_with_the_sums(database: object) -> None:
    calm = settings(
        max_examples=40,
        stateful_step_count=50,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(ReservationHistories, settings=calm)
