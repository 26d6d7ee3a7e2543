"""Orders move as planned, and not otherwise."""

from dataclasses import replace

import pytest

from store.orders.conftest import Buy
from store.orders.errors import IllegalMove
from store.orders.models import writes
from store.orders.models.states import MOVES, State
from store.orders.models.writes import Change


@pytest.mark.parametrize("before", State)
@pytest.mark.parametrize("after", State)
def test_orders_move_only_as_planned(buy: Buy, before: State, after: State) -> None:
    if before == after or after in MOVES[before]:
        return
    order = replace(buy(), state=before)
    with pytest.raises(IllegalMove):
        writes.save(order, Change(replace(order, state=after)))
