"""Starts a store that is traced: an order is one trace, through every process that works on it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from store.chaos.alarms.collector import Collector, Span
from store.chaos.alarms.journey.buyers import PASSES, Buyer
from store.chaos.own_store import OwnStore
from store.devstack.accounts import CUSTOMER
from store.devstack.output import Output
from store.devstack.ports import free_base
from store.devstack.testing import short_folder
from store.server.grpc.testing import wait_until

LONGEST_SECONDS = 60.0


EVENTS = (
    *("payment_intent.created", "payment_intent.amount_capturable_updated"),
    "payment_intent.succeeded",
)


@dataclass(frozen=True)
class Traced:
    """What was sent about an order that a worker had to finish, and what its log says of it."""

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
        """What a process tried, in this trace, and what came of it."""
        mine = (span for span in self.trace if span.service == service)
        tried = (span for span in mine if span.name.startswith("order.step "))
        return [(str(span.attributes["order.step"]), str(span.attributes["order.outcome"]))
                for span in tried]  # fmt: skip


@pytest.fixture(scope="module")
def traced() -> Iterator[Traced]:
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
            wait_until(lambda: _is_told(collector.spans()), LONGEST_SECONDS)
            for victim in store.victims.values():
                victim.end()  # so that each sends what it has
            log = (store.logs / "orders-work.log").read_text().splitlines()
            secrets = [store.secrets.customer_password, store.secrets.payment_key]
        lines = [json.loads(line) for line in log if line.startswith("{")]
        yield Traced(order, collector.spans(), lines, secrets)


def _placed_without_gateway(store: OwnStore) -> Mapping[str, Any]:
    buyer = Buyer(store, CUSTOMER, store.secrets.customer_password, staff_token="")
    gateway = store.victims["gateway"]
    gateway.end()
    order = buyer.place(PASSES, status=202)
    gateway.start()
    return order


def _is_told(spans: Sequence[Span]) -> bool:
    """Whether orders has heard from the gateway that the money was taken."""
    told = [span for span in spans if span.name == "POST /v1/payment/webhook"]
    captured = any(span.attributes.get("order.step") == "capture" for span in spans)
    return captured and len(told) >= len(EVENTS)


def test_one_order_is_one_trace_through_every_process(traced: Traced) -> None:
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


def test_whoever_was_called_has_his_caller_as_parent(traced: Traced) -> None:
    by_id = {span.span_id: span for span in traced.trace}
    roots = [span.name for span in traced.trace if span.parent_id not in by_id]
    assert roots == ["POST /v1/orders"]
    called = [span for span in traced.trace if span.service == "inventory-rpc"
              and span.name.startswith("/store")]  # fmt: skip
    assert {by_id[span.parent_id].service for span in called} == {"orders", "orders-work"}


def test_the_steps_say_how_they_went_and_who_took_them(traced: Traced) -> None:
    placed, worked = traced.steps("orders"), traced.steps("orders-work")
    assert placed[0] == ("reserve", "done")
    assert set(placed[1:]) == {("authorise", "unknown")}
    assert worked[-3:] == [("authorise", "done"), ("commit", "done"), ("capture", "done")]
    ids = {span.attributes.get("order.id") for span in traced.trace} - {None}
    assert ids == {traced.order["id"]}


def test_the_workers_log_names_the_order_its_trace_and_each_attempt(traced: Traced) -> None:
    lines = [line for line in traced.worker_log if line.get("step")]
    assert [line["step"] for line in lines if line["outcome"] == "done"] == [
        *("authorise", "commit", "capture"),
    ]
    assert {line["order_id"] for line in lines} == {traced.order["id"]}
    assert {line["trace_id"] for line in lines} == {traced.trace[0].trace_id}
    assert all(line["request_id"] and line["duration_ms"] > 0 for line in lines)
    assert lines[-1]["attempt"] == 1


def test_no_span_holds_a_path_an_e_mail_or_a_secret(traced: Traced) -> None:
    everything = "\n".join(span.said for span in traced.spans)
    assert "POST /v1/sessions" in everything
    for secret in (*traced.secrets, CUSTOMER, "Bearer", PASSES, "127.0.0.1:", "/v1/orders/0"):
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
