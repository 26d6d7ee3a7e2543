from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import grpc
import pytest

from store.auth.rpc import ServiceKeys, service_key
from store.inventory.desk import Desk, serve_alone
from store.inventory.models.reservations import Wanted, answer_all
from store.inventory.models.tables import database
from store.inventory.reservations import reserve
from store.inventory.rpc import NAME, Servicer
from store.inventory.testing import add_variant, deliver, shelves, wrong_in_the_books
from store.protos.inventory.v1 import inventory_pb2 as pb
from store.protos.inventory.v1.inventory_pb2_grpc import (
    InventoryStub,
    add_InventoryServicer_to_server,
)
from store.server.channel import RemoteError, errors_in_our_words, open_channel
from store.server.ids import new_id
from store.server.rpc import make_server

REFUSALS = (
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.NOT_FOUND,
)
KEY = "a-key-of-the-tests"


@pytest.fixture
def address(database: object) -> Iterator[str]:
    """Where a real server of this process listens."""
    servicer = Servicer(Desk(answer_all).serve)
    server = make_server(
        lambda server: add_InventoryServicer_to_server(servicer, server),
        [NAME],
        [ServiceKeys([KEY])],
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None).wait()


@pytest.fixture
def inventory(address: str) -> Iterator[InventoryStub]:
    """A caller with a good key; afterwards the books must be right."""
    with open_channel(address, interceptors=[service_key(KEY)]) as channel:
        yield InventoryStub(channel)
    assert wrong_in_the_books() == {}


@pytest.fixture
def mugs(database: object) -> None:
    """100 red mugs in a warehouse."""
    add_variant("MUG", 1290, title="Mug", name="Red")
    deliver("MUG", 100)


def reserve_request(order_id: object, **lines: int) -> pb.ReserveRequest:
    wanted = [pb.Line(sku=sku, quantity=quantity) for sku, quantity in lines.items()]
    return pb.ReserveRequest(order_id=str(order_id), currency="EUR", lines=wanted)


def refused(call: Callable[..., Any], request: Any) -> RemoteError:
    """The refusal that a call ends in."""
    with pytest.raises(RemoteError) as refusal, errors_in_our_words():
        call(request, timeout=5)
    return refusal.value


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
    assert shelves() == {("MUG", "MAIN"): (100, 0)}


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


ONE = [pb.Line(sku="MUG", quantity=1)]
ORDER = str(new_id())


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("order_id", {"order_id": ""}),
        ("order_id", {"order_id": "42"}),
        ("order_id", {"order_id": ORDER + "0"}),
        ("order_id", {"order_id": "\0" * 32}),
        ("currency", {"currency": ""}),
        ("currency", {"currency": "eur"}),
        ("currency", {"currency": "XXX"}),
        ("lines", {"lines": []}),
        ("lines", {"lines": [pb.Line(sku=f"S{number}", quantity=1) for number in range(101)]}),
        ("lines.0.sku", {"lines": [pb.Line(quantity=1)]}),
        ("lines.0.sku", {"lines": [pb.Line(sku="-MUG", quantity=1)]}),
        ("lines.0.sku", {"lines": [pb.Line(sku="MUG\n", quantity=1)]}),
        ("lines.0.sku", {"lines": [pb.Line(sku="M" * 65, quantity=1)]}),
        ("lines.1.sku", {"lines": [*ONE, *ONE]}),
        ("lines.0.quantity", {"lines": [pb.Line(sku="MUG")]}),
        ("lines.0.quantity", {"lines": [pb.Line(sku="MUG", quantity=-1)]}),
        ("lines.1.quantity", {"lines": [*ONE, pb.Line(sku="CUP", quantity=10_001)]}),
        ("lines.0.quantity", {"lines": [pb.Line(sku="MUG", quantity=2**31 - 1)]}),
        ("hold_seconds", {"hold_seconds": -1}),
        ("hold_seconds", {"hold_seconds": 2**31 - 1}),
    ],
)
def test_bad_fields_are_named(
    inventory: InventoryStub, mugs: None, field: str, changes: dict[str, Any]
) -> None:
    good = {"order_id": ORDER, "currency": "EUR", "lines": ONE}
    refusal = refused(inventory.Reserve, pb.ReserveRequest(**{**good, **changes}))
    assert (refusal.code, refusal.facts["field"]) == ("invalid", field)
    assert refusal.facts["reason"]


def test_other_calls_check_their_fields_too(inventory: InventoryStub) -> None:
    bad = [
        refused(inventory.Quote, pb.QuoteRequest(currency="EUR")),
        refused(inventory.Quote, pb.QuoteRequest(lines=ONE)),
        refused(inventory.Commit, pb.CommitRequest(order_id="x")),
        refused(inventory.Release, pb.ReleaseRequest(order_id="x")),
        refused(inventory.Release, pb.ReleaseRequest(order_id=ORDER, reason="a\0b")),
        refused(inventory.Release, pb.ReleaseRequest(order_id=ORDER, reason="r" * 201)),
    ]
    assert [refusal.facts["field"] for refusal in bad] == [
        "lines", "currency", "order_id", "order_id", "reason", "reason",
    ]  # fmt: skip


def test_a_call_without_a_good_key_is_refused(address: str, mugs: None) -> None:
    request = reserve_request(new_id(), MUG=1)
    for interceptors in ([], [service_key("another-key")]):
        with open_channel(address, interceptors=interceptors) as channel:
            with pytest.raises(grpc.RpcError) as error:
                InventoryStub(channel).Reserve(request, timeout=5)
            assert error.value.code() == grpc.StatusCode.UNAUTHENTICATED
    assert shelves() == {("MUG", "MAIN"): (100, 0)}


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
    assert shelves() == {("MUG", "MAIN"): (0, 0)}


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
    assert shelves() == {("MUG", "MAIN"): (100, 3)}


def test_an_expired_hold_reads_as_expired(inventory: InventoryStub, mugs: None) -> None:
    order = new_id()
    reserve(serve_alone, order, "EUR", [Wanted("MUG", 100)], hold_seconds=0)
    quote = inventory.Quote(pb.QuoteRequest(currency="EUR", lines=ONE), timeout=5)
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
    assert set(shelves().values()) == {(6_000, 0)}


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
    assert shelves() == {("MUG", "MAIN"): (100, 9)}
