"""Many callers at once: nothing is sold twice, nobody waits for ever, the books stay right."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import grpc
from prometheus_client import REGISTRY

from store.inventory.errors import OutOfStock
from store.inventory.models.reservations import RequestedLine, answer_all
from store.inventory.reservations.batcher import ReservationBatcher, serve_alone
from store.inventory.reservations.lifecycle import commit, reserve, sweep
from store.inventory.testing.stock import (
    add_variant,
    deliver,
    reserve_request,
    stock_levels,
    wrong_in_the_books,
)
from store.protos.inventory.v1 import inventory_pb2 as pb
from store.protos.inventory.v1.inventory_pb2_grpc import InventoryStub
from store.server.ids import new_id

REFUSALS = (
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.NOT_FOUND,
)


def test_forty_buyers_of_a_hundred_units_get_exactly_a_hundred(
    inventory: InventoryStub, mugs: None
) -> None:
    def buy(_number: int) -> int:
        sold = 0
        for _ in range(5):
            order = new_id()
            try:
                inventory.Reserve(reserve_request(order, MUG=1), timeout=20)
                inventory.Commit(pb.CommitRequest(order_id=str(order)), timeout=20)
            except grpc.RpcError as error:
                assert error.code() == grpc.StatusCode.FAILED_PRECONDITION  # noqa: PT017
            else:
                sold += 1
        return sold

    with ThreadPoolExecutor(40) as buyers:
        assert sum(buyers.map(buy, range(40))) == 100
    assert stock_levels() == {("MUG", "MAIN"): (0, 0)}


def test_orders_of_the_same_skus_in_any_order_never_block_each_other(
    inventory: InventoryStub, mugs: None
) -> None:
    skus = ["MUG", "CUP", "BOWL", "JUG"]
    for sku in skus[1:]:
        add_variant(sku)
        deliver(sku, 60, "A")
        deliver(sku, 60, "B")
    order_ids = [new_id() for _ in range(8)]

    def shop(number: int) -> None:
        random = Random(number)
        for _ in range(12):
            order = random.choice(order_ids)
            wanted = dict.fromkeys(random.sample(skus, 3), 2)
            calls: list[tuple[Callable[..., Any], Any]] = [
                (inventory.Reserve, reserve_request(order, **wanted)),
                (inventory.Commit, pb.CommitRequest(order_id=str(order))),
                (inventory.Release, pb.ReleaseRequest(order_id=str(order))),
                (inventory.Reserve, reserve_request(new_id(), **wanted)),
            ]
            call, request = random.choice(calls)
            try:
                call(request, timeout=20)
            except grpc.RpcError as error:
                assert error.code() in REFUSALS  # noqa: PT017

    with ThreadPoolExecutor(16) as shoppers:
        list(shoppers.map(shop, range(16)))


def test_one_order_reserved_by_many_callers_at_once_is_held_once(
    inventory: InventoryStub, mugs: None
) -> None:
    request = reserve_request(new_id(), MUG=3)
    with ThreadPoolExecutor(16) as callers:
        replies = list(callers.map(lambda _: inventory.Reserve(request, timeout=20), range(32)))
    assert all(reply == replies[0] for reply in replies)
    assert stock_levels() == {("MUG", "MAIN"): (100, 3)}


def test_two_replicas_never_sell_a_unit_twice() -> None:
    put_on_shelves()
    batchers = [ReservationBatcher(answer_all), ReservationBatcher(answer_all)]

    def buy(number: int) -> bool:
        order = new_id()
        batcher = batchers[number % 2]
        try:
            reserve(
                batcher.serve,
                order,
                "EUR",
                [RequestedLine("CUP", 1), RequestedLine("BOWL", 1)],
                900,
            )
            commit(batcher.serve, order)
        except OutOfStock:
            return False
        return True

    with ThreadPoolExecutor(16) as buyers:
        assert sum(buyers.map(buy, range(64))) == 20
    assert stock_levels() == {("BOWL", "MAIN"): (10, 0), ("CUP", "A"): (0, 0), ("CUP", "B"): (0, 0)}
    assert wrong_in_the_books() == {}


def test_replicas_sweep_together() -> None:
    put_on_shelves()
    for _ in range(8):
        reserve(serve_alone, new_id(), "EUR", [RequestedLine("CUP", 1)], hold_seconds=0)
    before = counted_as_expired()
    with ThreadPoolExecutor(4) as sweepers:
        list(sweepers.map(lambda _: sweep(), range(8)))
    assert counted_as_expired() - before == 8
    assert {reserved for _, reserved in stock_levels().values()} == {0}
    assert wrong_in_the_books() == {}


def put_on_shelves() -> None:
    """Twenty cups in two warehouses, thirty bowls in another."""
    add_variant("CUP")
    add_variant("BOWL")
    deliver("CUP", 15, "A")
    deliver("CUP", 5, "B")
    deliver("BOWL", 30)


def counted_as_expired() -> float:
    return REGISTRY.get_sample_value("inventory_reservations_expired_total") or 0.0
