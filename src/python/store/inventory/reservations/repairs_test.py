"""What `inventory repair` does, and what it leaves alone."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier
from uuid import UUID

import psycopg2
import pytest
from psycopg2.extensions import parse_dsn

from store.database.config import DatabaseConfig
from store.database.testing import FleetingServer
from store.inventory.models.reservations import RequestedLine
from store.inventory.models.tables import database
from store.inventory.reservations import lifecycle
from store.inventory.reservations.batcher import serve_alone
from store.inventory.reservations.repairs import commit_stock, correct_reserved, release_stock
from store.inventory.testing.stock import stock_levels, wrong_in_the_books
from store.server.errors import Conflict
from store.server.ids import new_id
from store.server.process.repairs import LeftAlone, StaleProposal

pytestmark = pytest.mark.usefixtures("mugs")

WritePastGuards = Callable[[str], None]


@pytest.fixture
def write_past_guards(
    postgres: FleetingServer,
    database_config: DatabaseConfig,
) -> WritePastGuards:
    """Changes the database as nobody may: past all triggers."""
    url = postgres.url(parse_dsn(database_config.url)["dbname"])

    def write(sql: str) -> None:
        with (
            closing(psycopg2.connect(url)) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(sql)

    return write


@pytest.fixture(autouse=True)
def right_afterwards() -> Iterator[None]:
    """Afterwards the books must be right."""
    yield
    assert wrong_in_the_books() == {}


def held(quantity: int = 2, seconds: int = 900) -> UUID:
    order_id = new_id()
    lifecycle.reserve(serve_alone, order_id, "EUR", [RequestedLine("MUG", quantity)], seconds)
    return order_id


@pytest.mark.parametrize("drift", [-2, -1, 1, 98])
def test_a_level_that_drifted_is_corrected_once_and_the_correction_is_kept(
    write_past_guards: WritePastGuards, drift: int
) -> None:
    held(2)
    write_past_guards(f"UPDATE stock SET reserved = reserved + {drift}")
    assert correct_reserved("MUG", "MAIN") == "2 are reserved"
    with pytest.raises(LeftAlone, match="it is right by now"):
        correct_reserved("MUG", "MAIN")
    kept = database.rows("SELECT reserved_before, reserved_after, reason FROM stock_corrections")
    assert kept == [{"reserved_before": 2 + drift, "reserved_after": 2, "reason": "audit"}]


def test_a_shelf_that_is_not_there_is_left_alone() -> None:
    with pytest.raises(StaleProposal):
        correct_reserved("MUG", "NOWHERE")


def test_no_level_is_corrected_to_more_than_there_is(write_past_guards: WritePastGuards) -> None:
    order_id = held(2)
    many = f"UPDATE reservation_lines SET quantity = {{}} WHERE order_id = '{order_id}'"
    write_past_guards(many.format(101))
    with pytest.raises(Conflict, match="More units are held"):
        correct_reserved("MUG", "MAIN")
    write_past_guards(many.format(2))


def test_a_level_is_corrected_while_buyers_come_and_go(write_past_guards: WritePastGuards) -> None:
    start = Barrier(5)

    def buy(number: int) -> None:
        start.wait(10)
        for _ in range(10):
            order_id = held(1)
            if number % 2:
                lifecycle.release(serve_alone, order_id, "changed my mind")

    def correct() -> None:
        start.wait(10)
        for _ in range(20):
            try:
                correct_reserved("MUG", "MAIN")
            except LeftAlone:
                continue

    write_past_guards("UPDATE stock SET reserved = 40")
    with ThreadPoolExecutor(5) as pool:
        for done in [*(pool.submit(buy, number) for number in range(4)), pool.submit(correct)]:
            done.result()
    assert stock_levels() == {("MUG", "MAIN"): (100, 20)}


@pytest.mark.parametrize("seconds", [900, 0])
def test_what_a_sold_order_holds_or_held_is_committed_once(seconds: int) -> None:
    order_id = held(2, seconds)
    assert commit_stock(str(order_id)) == "the reservation is committed"
    with pytest.raises(StaleProposal):
        commit_stock(str(order_id))
    assert stock_levels() == {("MUG", "MAIN"): (98, 0)}


def test_what_was_released_meanwhile_is_not_committed() -> None:
    order_id = held()
    lifecycle.release(serve_alone, order_id, "cancelled")
    with pytest.raises(StaleProposal):
        commit_stock(str(order_id))


def test_units_that_were_sold_to_somebody_else_are_left_to_a_person() -> None:
    expired = held(2, 0)
    lifecycle.sweep()
    lifecycle.commit(serve_alone, held(99))
    with pytest.raises(LeftAlone, match="inventory says out_of_stock"):
        commit_stock(str(expired))
    assert stock_levels() == {("MUG", "MAIN"): (1, 0)}


def test_what_is_kept_for_nobody_is_released_once() -> None:
    order_id = held(2)
    assert release_stock(str(order_id), "held") == "the reservation is released"
    with pytest.raises(StaleProposal):
        release_stock(str(order_id), "held")
    assert stock_levels() == {("MUG", "MAIN"): (100, 0)}


def test_what_was_sold_since_it_was_found_is_not_released() -> None:
    order_id = held(2)
    lifecycle.commit(serve_alone, order_id)
    with pytest.raises(StaleProposal):
        release_stock(str(order_id), "held")
    assert stock_levels() == {("MUG", "MAIN"): (98, 0)}


def test_an_order_without_a_reservation_gets_none() -> None:
    for state in ("held", "released"):
        with pytest.raises(StaleProposal):
            release_stock(str(new_id()), state)
    assert database.rows("SELECT FROM reservations") == []
