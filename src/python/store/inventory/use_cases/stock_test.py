from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from store.inventory.errors import AlreadyBooked, UnitsReserved, UnknownSku, UnknownWarehouse
from store.inventory.models.ledger import Level, NewMovement
from store.inventory.models.reservations import RequestedLine
from store.inventory.models.tables import database
from store.inventory.reservations.batcher import serve_alone
from store.inventory.reservations.lifecycle import reserve
from store.inventory.testing.stock import add_variant, deliver, stock_levels, wrong_in_the_books
from store.inventory.use_cases.stock import book_movement, set_level, set_levels
from store.server.ids import new_id


@pytest.fixture(autouse=True)
def books(database: object) -> Iterator[None]:
    """Ten mugs, of which four are held; afterwards the books must be right."""
    add_variant("MUG")
    deliver("MUG", 10)
    reserve(serve_alone, new_id(), "EUR", [RequestedLine("MUG", 4)], 900)
    yield
    assert wrong_in_the_books() == {}


def movement(
    kind: str = "received",
    quantity: int | None = None,
    counted: int | None = None,
    *,
    sku: str = "MUG",
    warehouse: str = "MAIN",
    reference: str = "D-1",
) -> NewMovement:
    return NewMovement(sku, warehouse, kind, quantity, counted, "", reference, "somebody")


def test_a_movement_changes_the_level_and_tells_it() -> None:
    line = book_movement(movement("received", 5))
    assert (line.quantity, line.on_hand_after) == (5, 15)
    assert stock_levels()["MUG", "MAIN"] == (15, 4)


def test_a_count_books_the_difference() -> None:
    line = book_movement(movement("counted", counted=7))
    assert (line.quantity, line.on_hand_after) == (-3, 7)


def test_a_movement_sent_again_is_booked_once() -> None:
    first = book_movement(movement("received", 5))
    assert book_movement(movement("received", 5)) == first
    counted = book_movement(movement("counted", counted=12))
    deliver("MUG", 1)
    assert book_movement(movement("counted", counted=12)) == counted
    assert stock_levels()["MUG", "MAIN"] == (13, 4)


def test_another_quantity_under_a_booked_reference_is_refused() -> None:
    book_movement(movement("received", 5))
    with pytest.raises(AlreadyBooked):
        book_movement(movement("received", 6))


def test_a_delivery_sent_by_many_at_once_is_booked_once() -> None:
    add_variant("NEW")
    new = movement("received", 5, sku="NEW")
    with ThreadPoolExecutor(8) as senders:
        lines = list(senders.map(book_movement, [new] * 16))
    assert {line.id for line in lines} == {lines[0].id}
    assert stock_levels()["NEW", "MAIN"] == (5, 0)


@pytest.mark.parametrize(
    "new",
    [movement("adjusted", -7), movement("damaged", -7), movement("damaged", -11), movement("counted", counted=3)],
)  # fmt: skip
def test_units_held_for_orders_stay(new: NewMovement) -> None:
    with pytest.raises(UnitsReserved):
        book_movement(new)
    assert stock_levels()["MUG", "MAIN"] == (10, 4)


def test_movements_need_a_variant_and_a_warehouse() -> None:
    with pytest.raises(UnknownSku):
        book_movement(movement("received", 1, sku="NOPE"))
    with pytest.raises(UnknownWarehouse):
        book_movement(movement("received", 1, warehouse="NOWHERE"))


def test_levels_are_set_together_and_refused_one_by_one() -> None:
    add_variant("CUP")
    levels = [
        Level("MUG", "MAIN", 3),
        Level("NOPE", "MAIN", 3),
        Level("CUP", "OTHER", 8),
        Level("CUP", "MAIN", 0),
        Level("CUP", "OTHER", 8),
        Level("CUP", "OTHER", 9),
    ]
    refusals = set_levels(levels, "import", "I-1", "importer")
    assert [type(refusal) for refusal in refusals] == [
        UnitsReserved, UnknownSku, type(None), type(None), type(None), AlreadyBooked,
    ]  # fmt: skip
    assert stock_levels() == {
        ("MUG", "MAIN"): (10, 4),
        ("CUP", "OTHER"): (8, 0),
        ("CUP", "MAIN"): (0, 0),
    }
    assert database.rows("SELECT name FROM warehouses WHERE code = 'OTHER'") == [{"name": "OTHER"}]


def test_levels_set_again_under_the_same_reference_do_not_undo_what_came_between() -> None:
    set_level("MUG", "MAIN", 20, "import", "I-1", "importer")
    deliver("MUG", 5)
    set_level("MUG", "MAIN", 20, "import", "I-1", "importer")
    assert stock_levels()["MUG", "MAIN"] == (25, 4)
    with pytest.raises(AlreadyBooked):
        set_level("MUG", "MAIN", 21, "import", "I-1", "importer")


def test_no_levels_are_no_trouble() -> None:
    assert set_levels([], "import", "I-1", "importer") == []


def test_many_levels_at_once_from_two_sides() -> None:
    skus = [f"SKU-{number:03}" for number in range(100)]
    for sku in skus:
        add_variant(sku)

    def count(reference: str) -> list[object]:
        ordered = skus if reference < "I-4" else skus[::-1]
        levels = [Level(sku, warehouse, 7) for sku in ordered for warehouse in ("A", "B")]
        return list(set_levels(levels, "import", reference, "importer"))

    with ThreadPoolExecutor(4) as importers:
        refusals = list(importers.map(count, [f"I-{number}" for number in range(8)]))
    assert not any(refusal for found in refusals for refusal in found)
    assert {level for (sku, _), level in stock_levels().items() if sku != "MUG"} == {(7, 0)}
