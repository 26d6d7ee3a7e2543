from typing import Any

import grpc
import pytest

from store.auth.rpc import service_key
from store.inventory.models.reservations import RequestedLine
from store.inventory.models.tables import database
from store.inventory.reservations.batcher import serve_alone
from store.inventory.reservations.lifecycle import reserve
from store.inventory.testing.stock import (
    add_variant,
    deliver,
    refused,
    reserve_request,
    stock_levels,
)
from store.protos.inventory.v1 import inventory_pb2 as pb
from store.protos.inventory.v1.inventory_pb2_grpc import InventoryStub
from store.server.grpc.channel import open_channel
from store.server.ids import new_id


def test_an_order_is_quoted_reserved_committed_and_released(
    inventory: InventoryStub, mugs: None
) -> None:
    order = str(new_id())
    lines = [pb.Line(sku="MUG", quantity=2)]
    priced = pb.PricedLine(sku="MUG", name="Mug – Red", quantity=2, unit_price=1290)
    quote = inventory.Quote(pb.QuoteRequest(currency="EUR", lines=lines), timeout=5)
    assert quote == pb.QuoteReply(
        currency="EUR", lines=[pb.QuotedLine(line=priced, available=100)], total=2580
    )
    held = inventory.Reserve(reserve_request(order, MUG=2), timeout=5)
    assert held.expires_at.ToDatetime() is not None
    assert held == pb.Reservation(
        order_id=order,
        state=pb.Reservation.HELD,
        currency="EUR",
        lines=[priced],
        total=2580,
        expires_at=held.expires_at,
    )
    committed = inventory.Commit(pb.CommitRequest(order_id=order), timeout=5)
    assert committed.state == pb.Reservation.COMMITTED
    released = inventory.Release(pb.ReleaseRequest(order_id=order, reason="cancelled"), timeout=5)
    assert (released.state, list(released.lines)) == (pb.Reservation.RELEASED, [priced])
    assert stock_levels() == {("MUG", "MAIN"): (100, 0)}


def test_a_tombstone_is_answered_with_nothing_but_its_state(inventory: InventoryStub) -> None:
    order = str(new_id())
    released = inventory.Release(pb.ReleaseRequest(order_id=order), timeout=5)
    assert released == pb.Reservation(order_id=order, state=pb.Reservation.RELEASED)


def test_refusals_tell_their_reason_and_facts(inventory: InventoryStub, mugs: None) -> None:
    add_variant("OLD", variant="retired")
    order = new_id()
    inventory.Reserve(reserve_request(order, MUG=99), timeout=5)
    released = new_id()
    inventory.Release(pb.ReleaseRequest(order_id=str(released)), timeout=5)
    refusals = [
        refused(inventory.Reserve, reserve_request(new_id(), MUG=2)),
        refused(inventory.Reserve, reserve_request(new_id(), NOPE=1)),
        refused(inventory.Reserve, reserve_request(new_id(), OLD=1)),
        refused(inventory.Reserve, reserve_request(order, MUG=98)),
        refused(inventory.Reserve, reserve_request(released, MUG=1)),
        refused(inventory.Commit, pb.CommitRequest(order_id=str(released))),
    ]
    assert [(refusal.code, refusal.facts) for refusal in refusals] == [
        ("out_of_stock", {"sku": "MUG", "left": "1"}),
        ("unknown_sku", {"sku": "NOPE"}),
        ("not_for_sale", {"sku": "OLD"}),
        ("reservation_differs", {"order_id": str(order)}),
        ("reservation_released", {"order_id": str(released)}),
        ("reservation_released", {"order_id": str(released)}),
    ]


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (reserve_request(new_id(), MUG=101), grpc.StatusCode.FAILED_PRECONDITION),
        (reserve_request(new_id(), NOPE=1), grpc.StatusCode.NOT_FOUND),
        (reserve_request("no uuid", MUG=1), grpc.StatusCode.INVALID_ARGUMENT),
    ],
)
def test_refusals_have_a_status(
    inventory: InventoryStub, mugs: None, request_: Any, code: grpc.StatusCode
) -> None:
    with pytest.raises(grpc.RpcError) as error:
        inventory.Reserve(request_, timeout=5)
    assert error.value.code() == code


def test_a_call_without_a_good_key_is_refused(rpc_address: str, mugs: None) -> None:
    request = reserve_request(new_id(), MUG=1)
    for interceptors in ([], [service_key("another-key")]):
        with open_channel(rpc_address, "inventory", interceptors=interceptors) as channel:
            with pytest.raises(grpc.RpcError) as error:
                InventoryStub(channel).Reserve(request, timeout=5)
            assert error.value.code() == grpc.StatusCode.UNAUTHENTICATED
    assert stock_levels() == {("MUG", "MAIN"): (100, 0)}


def test_an_expired_hold_reads_as_expired(inventory: InventoryStub, mugs: None) -> None:
    order = new_id()
    reserve(serve_alone, order, "EUR", [RequestedLine("MUG", 100)], hold_seconds=0)
    quote = inventory.Quote(
        pb.QuoteRequest(currency="EUR", lines=[pb.Line(sku="MUG", quantity=1)]), timeout=5
    )
    assert quote.lines[0].available == 100
    assert inventory.Reserve(reserve_request(new_id(), MUG=100), timeout=5).state == 1
    refusal = refused(inventory.Commit, pb.CommitRequest(order_id=str(order)))
    assert (refusal.code, refusal.facts) == ("out_of_stock", {"sku": "MUG", "left": "0"})
    assert database.row("SELECT count(*) AS sold FROM stock_movements WHERE kind = 'sold'") == {
        "sold": 0
    }


def test_a_hundred_lines_are_one_reservation(inventory: InventoryStub) -> None:
    lines = {f"SKU-{number}": 10_000 for number in range(100, 0, -1)}
    for sku in lines:
        add_variant(sku, 99_999_999)
        deliver(sku, 6_000, "A")
        deliver(sku, 6_000, "B")
    order = str(new_id())
    held = inventory.Reserve(reserve_request(order, **lines), timeout=20)
    assert [line.sku for line in held.lines] == list(lines)
    assert held.total == 100 * 10_000 * 99_999_999
    inventory.Commit(pb.CommitRequest(order_id=order), timeout=20)
    inventory.Release(pb.ReleaseRequest(order_id=order), timeout=20)
    assert set(stock_levels().values()) == {(6_000, 0)}


def test_callers_do_not_notice_that_idle_connections_were_cut(
    inventory: InventoryStub, mugs: None
) -> None:
    inventory.Reserve(reserve_request(new_id(), MUG=1), timeout=5)
    database.row(
        """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()"""
    )
    for _ in range(8):
        inventory.Reserve(reserve_request(new_id(), MUG=1), timeout=5)
    assert stock_levels() == {("MUG", "MAIN"): (100, 9)}
