"""Starts a store that is traced: an order is one trace, through every process that works on it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from store.chaos.basket import VISA
from store.chaos.own_store import OwnStore
from store.chaos.testing.collector import Collector, Span
from store.chaos.testing.journey.buyer import DemoBuyer
from store.devstack.accounts import CUSTOMER
from store.devstack.output import Output
from store.devstack.ports import free_base
from store.server.grpc.testing import wait_until
from store.testing.folders import short_folder

TIMEOUT_SECONDS = 60.0


EVENTS = (
    *("payment_intent.created", "payment_intent.amount_capturable_updated"),
    "payment_intent.succeeded",
)


@dataclass(frozen=True)
class TracedOrder:
    """The spans of an order that a worker had to finish, and the worker's log."""

    order: Mapping[str, Any]
    spans: Sequence[Span]
    worker_log: Sequence[Mapping[str, Any]]
    secrets: Sequence[str]

    @property
    def trace(self) -> list[Span]:
        """The spans of the trace in which the order was placed."""
        (root,) = (span for span in self.spans if span.name == "POST /v1/orders")
        return [span for span in self.spans if span.trace_id == root.trace_id]

    def steps(self, service: str) -> list[tuple[str, str]]:
        """The steps that a process attempted in this trace, with their outcomes."""
        mine = (span for span in self.trace if span.service == service)
        tried = (span for span in mine if span.name.startswith("order.step "))
        return [(str(span.attributes["order.step"]), str(span.attributes["order.outcome"]))
                for span in tried]  # fmt: skip


@pytest.fixture(scope="module")
def traced() -> Iterator[TracedOrder]:
    """An order placed while the gateway was away, and finished by the worker when it came back."""
    with short_folder() as folder, Collector() as collector:

        def redirect(process: str) -> Mapping[str, str]:
            own = {"OTEL_SERVICE_NAME": process, "PLACE_SECONDS": "2", "LOG_FORMAT": "json"}
            return {**collector.environ(), **own}

        own = OwnStore(
            folder / "own", free_base(), apis=1, workers=1, output=Output(), redirect=redirect
        )
        with own as store:
            order = _placed_without_gateway(store)
            wait_until(lambda: _has_all_events(collector.spans()), TIMEOUT_SECONDS)
            for target in store.targets.values():
                target.end()  # so that each sends what it has
            log = (store.logs / "orders-work.log").read_text().splitlines()
            secrets = [store.secrets.customer_password, store.secrets.payment_key]
        lines = [json.loads(line) for line in log if line.startswith("{")]
        yield TracedOrder(order, collector.spans(), lines, secrets)


def _placed_without_gateway(store: OwnStore) -> Mapping[str, Any]:
    buyer = DemoBuyer(store, CUSTOMER, store.secrets.customer_password, staff_token="")
    gateway = store.targets["gateway"]
    gateway.end()
    order = buyer.place(VISA, status=202)
    gateway.start()
    return order


def _has_all_events(spans: Sequence[Span]) -> bool:
    """Whether orders has received the gateway's events up to the capture."""
    received = [span for span in spans if span.name == "POST /v1/payment/webhook"]
    captured = any(span.attributes.get("order.step") == "capture" for span in spans)
    return captured and len(received) >= len(EVENTS)


def test_one_order_is_one_trace_through_every_process(traced: TracedOrder) -> None:
    names = {(span.service, span.name) for span in traced.trace}
    assert names >= {
        ("orders", "POST /v1/orders"),
        ("orders", "order.step reserve"),
        ("orders", "/store.inventory.v1.Inventory/Reserve"),
        ("inventory-rpc", "/store.inventory.v1.Inventory/Reserve"),
        ("orders-work", "order.step capture"),
        ("orders-work", "/store.inventory.v1.Inventory/Commit"),
        ("inventory-rpc", "/store.inventory.v1.Inventory/Commit"),
        ("orders-work", "POST"),
        ("gateway", "POST /v1/payment_intents"),
        ("gateway", "POST /v1/payment_intents/<intent_id>/capture"),
        ("gateway", "event"),
        ("orders", "POST /v1/payment/webhook"),
    }


def test_each_called_span_has_its_caller_as_parent(traced: TracedOrder) -> None:
    by_id = {span.span_id: span for span in traced.trace}
    roots = [span.name for span in traced.trace if span.parent_id not in by_id]
    assert roots == ["POST /v1/orders"]
    called = [span for span in traced.trace if span.service == "inventory-rpc"
              and span.name.startswith("/store")]  # fmt: skip
    assert {by_id[span.parent_id].service for span in called} == {"orders", "orders-work"}


def test_the_steps_say_how_they_went_and_who_took_them(traced: TracedOrder) -> None:
    placed, worked = traced.steps("orders"), traced.steps("orders-work")
    assert placed[0] == ("reserve", "done")
    assert set(placed[1:]) == {("authorise", "unknown")}
    assert worked[-3:] == [("authorise", "done"), ("commit", "done"), ("capture", "done")]
    ids = {span.attributes.get("order.id") for span in traced.trace} - {None}
    assert ids == {traced.order["id"]}


def test_the_workers_log_names_the_order_its_trace_and_each_attempt(traced: TracedOrder) -> None:
    lines = [line for line in traced.worker_log if line.get("step")]
    assert [line["step"] for line in lines if line["outcome"] == "done"] == [
        *("authorise", "commit", "capture"),
    ]
    assert {line["order_id"] for line in lines} == {traced.order["id"]}
    assert {line["trace_id"] for line in lines} == {traced.trace[0].trace_id}
    assert all(line["request_id"] and line["duration_ms"] > 0 for line in lines)
    assert lines[-1]["attempt"] == 1


def test_no_span_holds_a_path_an_e_mail_or_a_secret(traced: TracedOrder) -> None:
    everything = "\n".join(span.text for span in traced.spans)
    assert "POST /v1/sessions" in everything
    for secret in (*traced.secrets, CUSTOMER, "Bearer", VISA, "127.0.0.1:", "/v1/orders/0"):
        assert secret not in everything, secret
    names = {name for span in traced.spans for name in span.attributes}
    assert "http.route" in names
    assert not names & {
        "url.full",
        "url.path",
        "url.query",
        "client.address",
        "user_agent.original",
    }
