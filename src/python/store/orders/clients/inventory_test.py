"""The inventory client against a real gRPC server."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from store.auth.rpc import ServiceKeys
from store.orders.clients import inventory as client
from store.orders.clients.inventory import Hold, Inventory, PricedLine
from store.orders.errors import HoldReleased, NotForSale, OutOfStock, Refusal, UnknownSku
from store.protos.inventory.v1 import inventory_pb2 as messages
from store.protos.inventory.v1.inventory_pb2_grpc import (
    InventoryServicer,
    add_InventoryServicer_to_server,
)
from store.server.errors import Conflict, StoreError
from store.server.grpc.channel import OutcomeUnknown, RemoteError
from store.server.grpc.server import make_server
from store.server.ids import new_id
from store.server.outbound.breaker import FAILURES

KEY = "key-of-the-tests"


class Servicer(InventoryServicer):
    """Keeps what it was asked, and answers as the test says."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.answer: Callable[[], messages.Reservation] = messages.Reservation

    def _answer(self, request: Any, context: Any) -> Any:  # noqa: ARG002 - named as in the protocol
        self.asked.append(request)
        return self.answer()

    Quote = Reserve = Commit = Release = _answer


@pytest.fixture
def servicer() -> Servicer:
    return Servicer()


@pytest.fixture
def address(servicer: Servicer) -> Iterator[str]:
    server = make_server(
        lambda server: add_InventoryServicer_to_server(servicer, server),
        ["store.inventory.v1.Inventory"],
        [ServiceKeys([KEY])],
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(0).wait()


@pytest.fixture
def inventory(address: str) -> Inventory:
    return Inventory(address, KEY)


def refusing(code: str, **facts: object) -> Callable[[], messages.Reservation]:
    """An answer as inventory gives it when it refuses."""
    kind = type("Refused", (Conflict,), {"code": code})

    def answer() -> messages.Reservation:
        raise kind("no", **facts)

    return answer


def failing(error: Exception) -> Callable[[], messages.Reservation]:
    def answer() -> messages.Reservation:
        raise error

    return answer


def test_a_hold_comes_with_names_and_prices(inventory: Inventory, servicer: Servicer) -> None:
    until = datetime(2030, 1, 1, 12, tzinfo=UTC)
    reservation = messages.Reservation(
        state=messages.Reservation.HELD,
        lines=[messages.PricedLine(sku="MUG", name="A mug", quantity=2, unit_price=1290)],
        total=2580,
    )
    reservation.expires_at.FromDatetime(until)
    servicer.answer = lambda: reservation
    order_id = new_id()
    hold = inventory.reserve(order_id, "EUR", [("MUG", 2)], 900)
    assert hold == Hold((PricedLine("MUG", "A mug", 1290),), 2580, until)
    line = messages.Line(sku="MUG", quantity=2)
    assert servicer.asked == [
        messages.ReserveRequest(
            order_id=str(order_id), currency="EUR", lines=[line], hold_seconds=900
        )
    ]


def test_commit_and_release_name_the_order(inventory: Inventory, servicer: Servicer) -> None:
    order_id = new_id()
    inventory.commit(order_id)
    inventory.release(order_id, "expired")
    assert servicer.asked == [
        messages.CommitRequest(order_id=str(order_id)),
        messages.ReleaseRequest(order_id=str(order_id), reason="expired"),
    ]


@pytest.mark.parametrize(
    ("answer", "kind", "facts"),
    [
        (refusing("out_of_stock", sku="MUG", left=3), OutOfStock, {"sku": "MUG", "left": 3}),
        (refusing("unknown_sku", sku="MUG"), UnknownSku, {"sku": "MUG"}),
        (refusing("not_for_sale", sku="MUG"), NotForSale, {"sku": "MUG"}),
        (refusing("reservation_released"), HoldReleased, {}),
        (refusing("unknown_reservation"), HoldReleased, {}),
    ],
)
def test_a_definite_no_is_said_in_the_shops_words(
    inventory: Inventory,
    servicer: Servicer,
    answer: Callable[[], messages.Reservation],
    kind: type[Refusal],
    facts: dict[str, object],
) -> None:
    servicer.answer = answer
    with pytest.raises(kind) as refusal:
        inventory.reserve(new_id(), "EUR", [("MUG", 5)], 900)
    assert refusal.value.facts == facts


@pytest.mark.parametrize("answer", [refusing("reservation_differs"), refusing("invalid")])
def test_a_no_that_must_not_be_is_no_refusal(
    inventory: Inventory, servicer: Servicer, answer: Callable[[], messages.Reservation]
) -> None:
    servicer.answer = answer
    with pytest.raises(RemoteError):
        inventory.commit(new_id())


@pytest.mark.parametrize("error", [StoreError("broken"), RuntimeError("broken")])
def test_a_broken_inventory_leaves_the_outcome_unknown(
    inventory: Inventory, servicer: Servicer, error: Exception
) -> None:
    servicer.answer = failing(error)
    with pytest.raises(OutcomeUnknown):
        inventory.commit(new_id())


def test_an_inventory_that_does_not_answer_is_left_alone_for_a_moment(
    inventory: Inventory, servicer: Servicer
) -> None:
    servicer.answer = failing(StoreError("broken"))
    for _ in range(FAILURES + 3):
        with pytest.raises(OutcomeUnknown):
            inventory.commit(new_id())
    assert len(servicer.asked) == FAILURES


def test_a_silent_inventory_is_not_waited_for_long(
    inventory: Inventory, servicer: Servicer, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = threading.Event()
    servicer.answer = lambda: messages.Reservation(order_id=str(done.wait(5)))
    monkeypatch.setattr(client, "DEADLINE_SECONDS", 0.2)
    with pytest.raises(OutcomeUnknown):
        inventory.commit(new_id())
    done.set()


def test_a_wrong_key_and_a_closed_port_leave_the_outcome_unknown(address: str) -> None:
    for where, key in ((address, "wrong"), ("127.0.0.1:1", KEY)):
        with pytest.raises(OutcomeUnknown):
            Inventory(where, key).release(UUID(int=1), "expired")
