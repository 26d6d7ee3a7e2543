from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from store.inventory.errors import (
    NotForSale,
    OutOfStock,
    ReservationDiffers,
    ReservationReleased,
    UnknownReservation,
    UnknownSku,
)
from store.inventory.models.reservations import RequestedLine, Reservation
from store.inventory.models.tables import database
from store.inventory.reservations.batcher import serve_alone
from store.inventory.reservations.lifecycle import (
    commit,
    quote,
    release,
    reservation_of,
    reserve,
    sweep,
)
from store.inventory.testing.stock import (
    add_variant,
    deliver,
    set_price,
    stock_levels,
    wrong_in_the_books,
)
from store.server.ids import new_id

LONG, AT_ONCE = 900, 0  # seconds; a hold of none has run out when it is made


@pytest.fixture(autouse=True)
def books(database: object) -> object:
    """Mugs in two warehouses, cups in one; afterwards the books must be right."""
    add_variant("MUG", 1290, title="Mug", name="Red")
    add_variant("CUP", 500, title="Cup")
    deliver("MUG", 5, "A")
    deliver("MUG", 3, "B")
    deliver("CUP", 9, "B")
    yield
    assert wrong_in_the_books() == {}


def hold(order_id: UUID, seconds: int = LONG, **lines: int) -> Reservation:
    wanted = [RequestedLine(sku, quantity) for sku, quantity in lines.items()]
    return reserve(serve_alone, order_id, "EUR", wanted, seconds)


def test_a_quote_tells_prices_names_and_what_is_left() -> None:
    hold(new_id(), CUP=2)
    answer = quote("EUR", [RequestedLine("CUP", 3), RequestedLine("MUG", 10)])
    assert [(line.name, line.unit_price, left) for line, left in answer.lines] == [
        ("Cup", 500, 7),
        ("Mug – Red", 1290, 8),
    ]
    assert answer.total == 3 * 500 + 10 * 1290


def test_a_reservation_holds_units_and_prices() -> None:
    order = new_id()
    held = hold(order, CUP=2, MUG=1)
    assert (held.order_id, held.state, held.currency, held.total) == (order, "held", "EUR", 2290)
    assert [(line.sku, line.quantity) for line in held.lines] == [("CUP", 2), ("MUG", 1)]
    assert stock_levels() == {("MUG", "A"): (5, 1), ("MUG", "B"): (3, 0), ("CUP", "B"): (9, 2)}


def test_reserving_again_answers_the_first_prices() -> None:
    order = new_id()
    first = hold(order, MUG=2)
    set_price("MUG", 9999)
    assert hold(order, MUG=2) == first


def test_a_line_comes_from_one_warehouse_if_any_has_enough() -> None:
    deliver("CUP", 4, "A")
    hold(new_id(), CUP=5)
    assert stock_levels()["CUP", "B"] == (9, 5)


def test_a_line_is_split_if_no_warehouse_has_enough() -> None:
    order = new_id()
    held = hold(order, MUG=7)
    assert [line.quantity for line in held.lines] == [7]
    assert (stock_levels()["MUG", "A"], stock_levels()["MUG", "B"]) == ((5, 5), (3, 2))
    commit(serve_alone, order)
    assert (stock_levels()["MUG", "A"], stock_levels()["MUG", "B"]) == ((0, 0), (1, 0))


def test_a_line_short_of_stock_holds_nothing_of_the_others() -> None:
    before = REGISTRY.get_sample_value("inventory_stock_outs_total") or 0
    with pytest.raises(OutOfStock) as refusal:
        hold(new_id(), CUP=1, MUG=9)
    assert refusal.value.facts == {"sku": "MUG", "left": 8}
    assert REGISTRY.get_sample_value("inventory_stock_outs_total") == before + 1
    assert {reserved for _, reserved in stock_levels().values()} == {0}


def test_an_order_refused_for_lack_of_stock_may_try_again() -> None:
    order = new_id()
    with pytest.raises(OutOfStock):
        hold(order, CUP=10)
    deliver("CUP", 1, "B")
    assert hold(order, CUP=10).state == "held"


def test_other_lines_or_another_currency_for_the_same_order_are_refused() -> None:
    order = new_id()
    set_price("MUG", 1190, "GBP")
    hold(order, MUG=2)
    for other in ({"MUG": 3}, {"CUP": 2}, {"MUG": 2, "CUP": 1}):
        with pytest.raises(ReservationDiffers):
            hold(order, **other)
    with pytest.raises(ReservationDiffers):
        reserve(serve_alone, order, "GBP", [RequestedLine("MUG", 2)], LONG)


@pytest.mark.parametrize(
    ("product", "variant", "price"),
    [("draft", "active", 100), ("retired", "active", 100), ("active", "retired", 100), ("active", "active", None)],
)  # fmt: skip
def test_what_is_not_for_sale_is_refused(product: str, variant: str, price: int | None) -> None:
    add_variant("ODD", price, product=product, variant=variant)
    deliver("ODD", 5)
    with pytest.raises(NotForSale):
        hold(new_id(), MUG=1, ODD=1)
    with pytest.raises(NotForSale):
        quote("EUR", [RequestedLine("ODD", 1)])


def test_a_currency_without_a_price_is_not_for_sale() -> None:
    with pytest.raises(NotForSale):
        reserve(serve_alone, new_id(), "USD", [RequestedLine("MUG", 1)], LONG)


def test_an_unknown_sku_is_named() -> None:
    with pytest.raises(UnknownSku) as refusal:
        hold(new_id(), MUG=1, NOPE=1)
    assert refusal.value.facts == {"sku": "NOPE"}
    with pytest.raises(UnknownSku):
        quote("EUR", [RequestedLine("NOPE", 1)])


def test_a_commit_takes_units_off_the_shelf_once() -> None:
    order = new_id()
    hold(order, CUP=4)
    first = commit(serve_alone, order)
    assert first.state == "committed"
    assert commit(serve_alone, order) == first
    assert hold(order, CUP=4) == first
    assert stock_levels()["CUP", "B"] == (5, 0)


def test_a_commit_needs_a_reservation() -> None:
    with pytest.raises(UnknownReservation):
        commit(serve_alone, new_id())


def test_a_release_gives_back_what_is_held() -> None:
    order = new_id()
    hold(order, CUP=4)
    assert release(serve_alone, order, "cancelled").state == "released"
    assert stock_levels()["CUP", "B"] == (9, 0)
    with pytest.raises(ReservationReleased):
        hold(order, CUP=4)
    with pytest.raises(ReservationReleased):
        commit(serve_alone, order)


def test_a_release_puts_sold_units_back_with_a_line_in_the_ledger() -> None:
    order = new_id()
    hold(order, MUG=7)
    commit(serve_alone, order)
    first = release(serve_alone, order, "cancelled")
    assert release(serve_alone, order, "again") == first
    assert (stock_levels()["MUG", "A"], stock_levels()["MUG", "B"]) == ((5, 0), (3, 0))
    lines = database.rows(
        """SELECT warehouse, quantity, reason FROM stock_movements
        WHERE kind = 'returned' AND reference = %s ORDER BY warehouse""",
        (str(order),),
    )
    assert lines == [
        {"warehouse": "A", "quantity": 5, "reason": "cancelled"},
        {"warehouse": "B", "quantity": 2, "reason": "cancelled"},
    ]


def test_a_release_before_its_reserve_keeps_it_out() -> None:
    order = new_id()
    assert release(serve_alone, order, "expired").lines == ()
    with pytest.raises(ReservationReleased):
        hold(order, CUP=1)
    assert reservation_of(order).currency is None


def test_a_hold_past_its_time_counts_as_given_back_before_it_is_swept() -> None:
    order = new_id()
    assert hold(order, AT_ONCE, CUP=9).state == "expired"
    assert reservation_of(order).state == "expired"
    assert quote("EUR", [RequestedLine("CUP", 1)]).lines[0][1] == 9
    assert hold(new_id(), CUP=9).state == "held"
    assert stock_levels()["CUP", "B"] == (9, 9)


def test_the_sweep_gives_back_what_is_past_its_time_and_nothing_else() -> None:
    expired, held = new_id(), new_id()
    hold(expired, AT_ONCE, CUP=3)
    hold(held, CUP=2)
    assert (sweep(), sweep()) == (True, False)
    assert stock_levels()["CUP", "B"] == (9, 2)
    assert (reservation_of(expired).state, reservation_of(held).state) == ("expired", "held")


@pytest.mark.parametrize("swept", [True, False])
def test_a_commit_takes_an_expired_hold_again(swept: bool) -> None:
    order = new_id()
    hold(order, AT_ONCE, MUG=7)
    if swept:
        sweep()
    assert commit(serve_alone, order).state == "committed"
    assert (stock_levels()["MUG", "A"], stock_levels()["MUG", "B"]) == ((0, 0), (1, 0))


def test_a_commit_of_an_expired_hold_finds_other_shelves_if_it_must() -> None:
    order = new_id()
    hold(order, AT_ONCE, MUG=3)
    sweep()
    hold(new_id(), MUG=4)
    commit(serve_alone, order)
    assert (stock_levels()["MUG", "A"], stock_levels()["MUG", "B"]) == ((5, 4), (0, 0))


def test_a_commit_of_an_expired_hold_fails_if_the_units_are_gone() -> None:
    order = new_id()
    hold(order, AT_ONCE, CUP=6)
    hold(new_id(), CUP=5)
    with pytest.raises(OutOfStock) as refusal:
        commit(serve_alone, order)
    assert refusal.value.facts == {"sku": "CUP", "left": 4}
    assert reservation_of(order).state == "expired"


@pytest.mark.parametrize("swept", [True, False])
def test_an_expired_hold_is_taken_again_at_the_first_prices(swept: bool) -> None:
    order = new_id()
    hold(order, AT_ONCE, MUG=1)
    if swept:
        sweep()
    set_price("MUG", 9999)
    again = hold(order, MUG=1)
    assert (again.state, again.total) == ("held", 1290)


def test_an_expired_hold_can_be_released() -> None:
    order = new_id()
    hold(order, AT_ONCE, MUG=1)
    sweep()
    assert release(serve_alone, order, "rejected").state == "released"
    assert stock_levels()["MUG", "A"] == (5, 0)
