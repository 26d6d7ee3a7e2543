"""Orders move as planned, and not otherwise."""

from dataclasses import replace

import pytest

from store.orders import moves
from store.orders.conftest import Buy
from store.orders.errors import IllegalMove
from store.orders.moves import Change
from store.orders.states import MOVES, State


@pytest.mark.parametrize("before", State)
@pytest.mark.parametrize("after", State)
def test_orders_move_only_as_planned(buy: Buy, before: State, after: State) -> None:
    if before == after or after in MOVES[before]:
        return
    order = replace(buy(), state=before)
    with pytest.raises(IllegalMove):
        moves.save(order, Change(replace(order, state=after)))
