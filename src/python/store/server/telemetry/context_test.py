import contextvars

import pytest

from store.server.telemetry import context

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture(autouse=True)
def apart(request: pytest.FixtureRequest) -> None:
    context.request_id.set("")
    context.traceparent.set("")
    context.order_id.set("")


def test_a_sane_request_id_is_kept() -> None:
    assert context.enter("Order-7_a.b") == "Order-7_a.b"
    assert context.request_id.get() == "Order-7_a.b"


@pytest.mark.parametrize(
    "offered",
    [
        *(None, "", "a b", "a\nb", "ü", "a" * 65, '"'),
        *("4242-4242-4242-4242", "sk_live_0123456789", "eyJhbGciOiJub25lIn0.e30.c2ln"),
    ],
)
def test_another_request_id_is_replaced(offered: str | None) -> None:
    made = context.enter(offered)
    assert made != offered
    assert len(made) == 32
    assert made != context.enter(offered)


def test_the_trace_is_handed_on() -> None:
    context.enter("a", TRACE)
    assert context.trace_id() == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert context.outgoing() == {"x-request-id": "a", "traceparent": TRACE}


def test_a_malformed_trace_is_dropped() -> None:
    context.enter("a", TRACE)
    context.enter("b", "00-nonsense")
    assert context.trace_id() == ""
    assert context.outgoing() == {"x-request-id": "b"}


def test_outside_of_a_request_there_is_nothing_to_hand_on() -> None:
    assert contextvars.Context().run(context.outgoing) == {}


def test_work_that_is_resumed_goes_on_in_its_trace_and_has_a_request_id() -> None:
    with context.resumed(TRACE):
        made = context.request_id.get()
        assert len(made) == 32
        assert context.outgoing() == {"x-request-id": made, "traceparent": TRACE}
    assert context.outgoing() == {}


def test_resumed_work_within_a_request_keeps_the_requests_id_and_without_a_trace_its_own() -> None:
    context.enter("a", TRACE)
    with context.resumed(None):
        assert context.outgoing() == {"x-request-id": "a", "traceparent": TRACE}
    other = TRACE.replace("4bf9", "0000")
    with context.resumed(other):
        assert context.outgoing() == {"x-request-id": "a", "traceparent": other}
    assert context.carried() == TRACE


def test_a_new_request_is_about_no_order_yet() -> None:
    context.order_id.set("o1")
    assert context.known() == {"order_id": "o1"}
    context.enter("a")
    assert context.known() == {"request_id": "a"}
