"""From an order placed over HTTP to a program of the shop's that believes what it receives."""

import re
from collections.abc import Callable, Iterator

import orjson
import pytest
from flask.testing import FlaskClient

from store.auth.callers import Caller
from store.auth.testing import Signer
from store.orders.conftest import Get, Place
from store.orders.testing.shop import CIPHER
from store.orders.webhooks.clients import Subscribers
from store.orders.webhooks.conftest import Ask, Create, verified
from store.orders.webhooks.dispatch import Dispatcher
from store.orders.webhooks.fake_subscriber import Subscriber
from store.orders.webhooks.guide import GUIDE
from store.server.grpc.testing import wait_until

Dispatch = Callable[[int], None]


@pytest.fixture
def dispatch(subscriber: Subscriber) -> Iterator[Dispatch]:
    """Lets a dispatcher work until the subscriber has received so many messages, and nothing is in hand."""
    dispatcher = Dispatcher(CIPHER, Subscribers(private=True))

    def done(messages: int) -> bool:
        busy = dispatcher.step()
        return not busy and len(subscriber.got) >= messages

    yield lambda messages: wait_until(lambda: done(messages), 20)
    dispatcher.finish()


def test_an_order_is_told_in_its_order_to_who_verifies_it(
    place: Place, get: Get, create: Create, ask: Ask, subscriber: Subscriber, dispatch: Dispatch
) -> None:
    made = create(subscriber.url)
    order = place().json
    dispatch(5)
    messages = verified(subscriber, made["secret"])
    timeline = get(f"/{order['id']}/events").json["items"]
    assert [each["type"] for each in messages] == [each["type"] for each in timeline]
    assert [each["data"]["number"] for each in messages] == [1, 2, 3, 4, 5]
    for message, event in zip(messages, timeline, strict=True):
        assert message["timestamp"] == event["created_at"]
        about = {"order_id": order["id"], "number": event["number"]}
        assert message["data"] == {**event["data"], **about}
    assert ask("GET", f"/{made['id']}").json["pending"] == 0
    seen = ask("GET", f"/{made['id']}/deliveries").json["items"]
    assert {(each["state"], each["answer"]) for each in seen} == {("delivered", "200")}
    ids = [got.headers["webhook-id"] for got in subscriber.got]
    assert ids == [each["message_id"] for each in reversed(seen)]


def test_only_what_an_endpoint_listens_to_is_told_and_redelivery_tells_it_again(
    place: Place,
    create: Create,
    ask: Ask,
    subscriber: Subscriber,
    dispatch: Dispatch,
    clerk: Caller,
) -> None:
    made = create(subscriber.url, event_types=["order.confirmed"])
    place()
    dispatch(1)
    [delivery] = ask("GET", f"/{made['id']}/deliveries?state=delivered").json["items"]
    ask("POST", f"/{made['id']}/deliveries/{delivery['event_id']}/redeliver", who=clerk)
    dispatch(2)
    first, again = verified(subscriber, made["secret"])
    assert (first["type"], again) == ("order.confirmed", first)
    assert len({got.headers["webhook-id"] for got in subscriber.got}) == 1


def test_the_message_in_the_guide_is_one_that_is_sent(
    place: Place,
    create: Create,
    client: FlaskClient,
    signer: Signer,
    clerk: Caller,
    subscriber: Subscriber,
    dispatch: Dispatch,
) -> None:
    example = orjson.loads(re.findall(r"```json\n(.+?)```", GUIDE, re.DOTALL)[0])
    made = create(subscriber.url, event_types=[example["type"]])
    parcel = {name: example["data"][name] for name in ("carrier", "tracking_number")}
    shipments = f"/v1/orders/{place().json['id']}/shipments"
    client.post(shipments, json=parcel, headers=signer.headers(clerk))
    dispatch(1)
    [message] = verified(subscriber, made["secret"])
    example["timestamp"] = message["timestamp"]
    example["data"]["order_id"] = message["data"]["order_id"]
    assert message == example
