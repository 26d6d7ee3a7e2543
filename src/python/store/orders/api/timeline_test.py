"""The timeline over HTTP, page by page and live."""

from collections.abc import Callable, Iterator
from threading import BoundedSemaphore
from typing import Any
from uuid import UUID

import orjson
import pytest
from flask.testing import FlaskClient

from store.auth.callers import Caller
from store.auth.testing import Signer
from store.orders.conftest import Place
from store.orders.testing.fake_payments import DECLINED, THREE_D_SECURE
from store.orders.testing.shop import FakeShop, bring_to_rest
from store.orders.use_cases import timeline
from store.server.process.lifecycle import stopping

Listen = Callable[..., Any]
CONFIRMED = ["order.placed", "order.reserved", "order.authorised", "order.committed"]
CONFIRMED += ["order.confirmed"]


@pytest.fixture
def listen(client: FlaskClient, signer: Signer, buyer: Caller) -> Listen:
    def listen(order_id: str, accept: str = "text/event-stream", **query: Any) -> Any:
        headers = {**signer.headers(buyer), "Accept": accept}
        if "last_seen" in query:
            headers["Last-Event-ID"] = str(query.pop("last_seen"))
        path = f"/v1/orders/{order_id}/events"
        return client.get(path, headers=headers, query_string=query)

    return listen


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "POLL_INTERVAL_SECONDS", 0.01)


@pytest.fixture
def stop() -> Iterator[Callable[[], None]]:
    yield stopping.set
    stopping.clear()


def events_in(text: bytes) -> list[dict[str, Any]]:
    """The events of a stream, each checked to be numbered and named as its data says."""
    found = []
    for block in text.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line[0] != ":")
        if "data" in fields:
            event = orjson.loads(fields["data"])
            assert (fields["id"], fields["event"]) == (str(event["number"]), event["type"])
            found.append(event)
    return found


def test_the_timeline_is_paged_oldest_first(place: Place, listen: Listen) -> None:
    order_id = place().json["id"]
    first = listen(order_id, "application/json", limit=3).json
    rest = listen(order_id, "application/json", cursor=first["next_cursor"]).json
    items = first["items"] + rest["items"]
    assert [event["type"] for event in items] == CONFIRMED
    assert [event["number"] for event in items] == [1, 2, 3, 4, 5]
    assert rest["next_cursor"] is None


def test_a_timeline_is_json_unless_a_stream_is_asked_for(place: Place, listen: Listen) -> None:
    order_id = place().json["id"]
    for accept in ("*/*", "application/json", "application/json, text/event-stream"):
        assert listen(order_id, accept).mimetype == "application/json"


def test_a_stream_of_an_order_that_has_ended_ends(place: Place, listen: Listen) -> None:
    answer = listen(place(payment_method=DECLINED).json["id"])
    assert (answer.status_code, answer.mimetype) == (200, "text/event-stream")
    assert answer.data.startswith(b"retry: 1000\n\n")
    assert [event["type"] for event in events_in(answer.data)][-1] == "order.rejected"


def test_a_stream_goes_on_where_the_client_was(place: Place, listen: Listen) -> None:
    order_id = place(payment_method=DECLINED).json["id"]
    numbers = [event["number"] for event in events_in(listen(order_id).data)]
    resumed = listen(order_id, last_seen=2)
    assert [event["number"] for event in events_in(resumed.data)] == numbers[2:]
    assert listen(order_id, last_seen=numbers[-1]).status_code == 204


def test_a_stream_tells_what_happens_meanwhile(
    place: Place, listen: Listen, shop: FakeShop
) -> None:
    order = place(payment_method=THREE_D_SECURE).json
    stream = listen(order["id"], last_seen=3).iter_encoded()
    assert next(stream) == b"retry: 1000\n\n"
    shop.payments.pass_challenge(order["payment"]["intent_id"])
    bring_to_rest(UUID(order["id"]), shop)
    assert events_in(next(stream))[0]["type"] == "order.authorised"


def test_a_quiet_stream_shows_that_it_lives(
    place: Place, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "HEARTBEAT_SECONDS", 0.0)
    stream = listen(place().json["id"], last_seen=5).iter_encoded()
    assert [next(stream), next(stream)] == [b"retry: 1000\n\n", b": still here\n\n"]


def test_a_stream_is_bounded(place: Place, listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "MAX_STREAM_SECONDS", 0.05)
    assert len(events_in(listen(place().json["id"]).data)) == 5


def test_a_stream_ends_when_the_process_stops(
    place: Place, listen: Listen, stop: Callable[[], None]
) -> None:
    stream = listen(place().json["id"]).iter_encoded()
    next(stream)
    stop()
    assert len(events_in(b"".join(stream))) == 5


def test_a_process_serves_so_many_streams_and_no_more(
    place: Place, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = place().json["id"]
    monkeypatch.setattr(timeline, "_slots", BoundedSemaphore(1))
    open_one = listen(order_id)
    full = listen(order_id)
    assert (full.status_code, full.json["code"]) == (429, "too_many_streams")
    open_one.close()
    again = listen(order_id)
    assert again.status_code == 200
    again.close()


@pytest.mark.parametrize("last_seen", ["x", "-1", "1.5", "99999999999999999999"])
def test_a_bad_last_event_id_is_refused(place: Place, listen: Listen, last_seen: str) -> None:
    assert listen(place().json["id"], last_seen=last_seen).status_code == 422


@pytest.mark.parametrize("query", [{"limit": 0}, {"cursor": "x"}, {"after": 1}])
def test_a_bad_query_is_refused(place: Place, listen: Listen, query: dict[str, Any]) -> None:
    assert 400 <= listen(place().json["id"], "application/json", **query).status_code < 500
