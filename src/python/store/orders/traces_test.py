"""An order goes on in the trace it was placed in, and each attempt at a step is a line in the log."""

import logging
from contextvars import Context
from typing import Any

import peewee
import pytest

from store.orders.conftest import Buy, Place
from store.orders.models.order import Order
from store.orders.models.queries import order_of
from store.orders.models.tables import database
from store.orders.testing.faults import Fault
from store.orders.testing.shop import FakeShop, bring_to_rest
from store.server.telemetry import context
from store.server.telemetry.logs import JsonLine

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
OTHER = "00-00000000000000000000000000000001-0000000000000001-01"


def buy_in(trace: str, buy: Buy, **how: Any) -> Order:
    """An order placed by a request that belongs to this trace."""

    def request() -> Order:
        context.enter("r1", trace)
        return buy(**how)

    return Context().run(request)


def attempts(caplog: pytest.LogCaptureFixture) -> list[tuple[object, ...]]:
    seen = [vars(record) for record in caplog.records if "step" in vars(record)]
    assert all(line["duration_ms"] >= 0 for line in seen)
    return [(line["step"], line["outcome"], line["attempt"], line["levelname"]) for line in seen]


def test_whoever_takes_the_next_step_later_continues_the_trace(
    buy: Buy, shop: FakeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.payments.faults.next("authorise", *[Fault.TIMED_OUT] * 2)
    order = buy_in(TRACE, buy, seconds=0.1)
    assert order_of(order.id).traceparent == TRACE
    real, carried = shop.payments.authorise, []

    def authorise(*args: Any) -> Any:
        carried.append((context.outgoing(), context.known()))
        return real(*args)

    monkeypatch.setattr(shop.payments, "authorise", authorise)
    done = Context().run(bring_to_rest, order.id, shop)
    assert (done.state, done.traceparent) == ("confirmed", TRACE)
    assert {headers["traceparent"] for headers, _ in carried} == {TRACE}
    assert all(len(headers["x-request-id"]) == 32 for headers, _ in carried)
    assert {known["order_id"] for _, known in carried} == {str(order.id)}


def test_a_request_that_helps_an_order_along_stays_in_its_own_trace(
    buy: Buy, shop: FakeShop
) -> None:
    shop.payments.faults.next("authorise", Fault.TIMED_OUT)
    order = buy_in(TRACE, buy, seconds=0.1)

    def helping_request() -> dict[str, str]:
        context.enter("r2", OTHER)
        bring_to_rest(order.id, shop)
        return context.known()

    assert Context().run(helping_request) == {
        "request_id": "r2",
        "trace_id": OTHER[3:35],
        "order_id": str(order.id),
    }


def test_an_order_without_a_trace_is_as_good(buy: Buy) -> None:
    assert buy_in("", buy).state == "confirmed"


def test_each_attempt_at_a_step_is_one_line(
    buy: Buy, shop: FakeShop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "store.orders.saga.engine")
    shop.payments.faults.next("authorise", Fault.TIMED_OUT)
    order = buy_in(TRACE, buy, seconds=0.1)
    Context().run(bring_to_rest, order.id, shop)
    info = "INFO"
    assert attempts(caplog) == [
        ("reserve", "done", 1, info),
        ("authorise", "unknown", 1, info),
        ("authorise", "done", 2, info),
        ("commit", "done", 1, info),
        ("capture", "done", 1, info),
    ]
    ids = {vars(record)["order_id"] for record in caplog.records if "step" in vars(record)}
    assert ids == {str(order.id)}


def test_the_line_of_a_placing_request_names_the_order(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    line = JsonLine("orders")
    said: list[str] = []
    caplog.handler.addFilter(lambda record: said.append(line.format(record)) or True)  # type: ignore[func-returns-value]
    caplog.set_level(logging.INFO, "store.access")
    order_id = place().json["id"]
    assert f'"order_id":"{order_id}"' in said[-1]
    assert '"route":"/v1/orders"' in said[-1]


@pytest.mark.parametrize("wrong", ["", "nonsense", TRACE + "-more", TRACE.upper()])
def test_the_database_keeps_nothing_but_traces(buy: Buy, wrong: str) -> None:
    order = buy_in(TRACE, buy)
    with pytest.raises(peewee.IntegrityError, match="orders_traceparent_form"):
        database.run("UPDATE orders SET traceparent = %s WHERE id = %s", (wrong, order.id))
