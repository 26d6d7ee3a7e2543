from collections.abc import Iterator
from datetime import UTC, datetime

from store.audit.cases.case import GatewayPayment, Order, Stock
from store.audit.cases.merge import merged

AT = datetime(2026, 1, 1, tzinfo=UTC)


def order(order_id: str) -> Order:
    return Order(
        order_id, "confirmed", "EUR", 1, None, None, AT, AT, "", 1, None, 0, 0, 0, False, "", 0
    )


def stock(order_id: str) -> Stock:
    return Stock(order_id, "committed", 1, 1, "", "", "", 1, AT)


def intent(order_id: str) -> GatewayPayment:
    return GatewayPayment(
        order_id, f"pi_{order_id}", "succeeded", "EUR", 1, 1, 1, 1, 1, 0, 0, False, AT
    )


def test_what_belongs_to_one_order_comes_together() -> None:
    cases = merged(
        iter([order("a"), order("c")]),
        iter([stock("a"), stock("b")]),
        iter([intent("b"), intent("c"), intent("c"), intent("d")]),
    )
    assert [
        (case.order_id, case.order is not None, case.stock is not None, len(case.intents))
        for case in cases
    ] == [
        ("a", True, True, 0),
        ("b", False, True, 1),
        ("c", True, False, 2),
        ("d", False, False, 1),
    ]


def test_nothing_at_all_is_no_case() -> None:
    assert list(merged(iter([]), iter([]), iter([]))) == []


def test_the_streams_are_read_no_further_than_needed() -> None:
    read = []

    def orders() -> Iterator[Order]:
        for number in range(1000):
            read.append(number)
            yield order(f"{number:04}")

    cases = merged(orders(), iter([]), iter([]))
    for _ in range(10):
        next(cases)
    assert len(read) < 20
