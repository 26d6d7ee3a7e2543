from typing import Any

import pytest

from store.inventory.testing.stock import refused
from store.protos.inventory.v1 import inventory_pb2 as pb
from store.protos.inventory.v1.inventory_pb2_grpc import InventoryStub
from store.server.ids import new_id

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
    inventory: InventoryStub, field: str, changes: dict[str, Any]
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
