"""The subscriber, and a sender that signs with the Standard Webhooks library."""

import base64
import json
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import urllib3
from standardwebhooks.webhooks import Webhook

from store.chaos.signatures import is_signed
from store.chaos.subscriber import ReactionShares, Subscriber
from store.orders.webhooks.clients import Subscribers
from store.orders.webhooks.messages import event_message
from store.server.grpc.testing import wait_until

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
OTHER = "whsec_" + base64.b64encode(b"o" * 32).decode()


@pytest.fixture
def subscriber() -> Iterator[Subscriber]:
    with Subscriber(seed=7) as subscriber:
        subscriber.trust(SECRET)
        yield subscriber


def send(
    to: Subscriber,
    number: int,
    *,
    order: str = "o-1",
    secret: str = SECRET,
    age: float = 0,
    data: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> int:
    """Send an event as the store would, but for these headers; the status, or 0 without an answer."""
    at = datetime.now(UTC) - timedelta(seconds=age)
    data = {"order_id": order, "number": number} if data is None else data
    body = json.dumps({"type": "order.confirmed", "timestamp": at.isoformat(), "data": data})
    sent = {
        "webhook-id": f"evt_{number}",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(f"evt_{number}", at, body),
    }
    try:
        return urllib3.request(
            "POST", to.url, body=body, headers={**sent, **(headers or {})}, retries=False, timeout=5
        ).status
    except urllib3.exceptions.HTTPError:
        return 0


def test_what_is_well_signed_is_recorded(subscriber: Subscriber) -> None:
    assert [send(subscriber, number) for number in (1, 2, 2)] == [204, 204, 204]
    assert send(subscriber, 1, order="o-2") == 204
    assert subscriber.received() == {"o-1": [1, 2], "o-2": [1]}
    first = subscriber.deliveries[0]
    assert (first.event_id, first.order_id, first.number) == ("evt_1", "o-1", 1)
    assert (first.type, first.accepted) == ("order.confirmed", True)
    assert (subscriber.bad_signatures, subscriber.out_of_order()) == (0, [])


@pytest.mark.parametrize(
    ("secret", "age", "spoil"),
    [
        (OTHER, 0, {}),
        (SECRET, 400, {}),
        (SECRET, -400, {}),
        (SECRET, 0, {"webhook-id": "evt_2"}),
        (SECRET, 0, {"webhook-id": ""}),
        (SECRET, 0, {"webhook-timestamp": "soon"}),
        (SECRET, 0, {"webhook-timestamp": ""}),
        (SECRET, 0, {"webhook-signature": ""}),
        (SECRET, 0, {"webhook-signature": "nonsense"}),
        (SECRET, 0, {"webhook-signature": "v1,!!!"}),
    ],
)
def test_what_is_not_well_signed_is_counted_and_refused(
    subscriber: Subscriber, secret: str, age: float, spoil: dict[str, str]
) -> None:
    assert send(subscriber, 1, secret=secret, age=age, headers=spoil) == 401
    assert (subscriber.bad_signatures, subscriber.deliveries) == (1, [])


def test_a_signature_is_made_of_the_id_the_time_and_every_byte() -> None:
    at = datetime.now(UTC)
    headers = {"webhook-id": "evt_1", "webhook-timestamp": str(int(at.timestamp()))}
    headers["webhook-signature"] = Webhook(SECRET).sign("evt_1", at, "{}")
    assert is_signed(SECRET, headers, b"{}")
    assert not is_signed(SECRET, headers, b"{ }")
    for name in headers:
        assert not is_signed(SECRET, {**headers, name: headers[name] + "0"}, b"{}")


def test_it_is_enough_if_one_of_several_signatures_is_good() -> None:
    at = datetime.now(UTC)
    headers = {"webhook-id": "evt_1", "webhook-timestamp": str(int(at.timestamp()))}
    both = [Webhook(secret).sign("evt_1", at, "{}") for secret in (OTHER, SECRET)]
    headers["webhook-signature"] = " ".join(["v1a,x", *both])
    assert is_signed(SECRET, headers, b"{}")
    assert not is_signed(SECRET, {**headers, "webhook-signature": both[0]}, b"{}")


def test_a_message_may_be_signed_with_either_of_two_secrets(subscriber: Subscriber) -> None:
    subscriber.trust(OTHER)
    assert [send(subscriber, 1), send(subscriber, 2, secret=OTHER)] == [204, 204]
    assert subscriber.bad_signatures == 0


def test_before_it_has_a_secret_it_answers_503() -> None:
    with Subscriber() as subscriber:
        assert send(subscriber, 1) == 503
        assert (subscriber.bad_signatures, subscriber.deliveries) == (0, [])


def test_a_test_message_is_accepted_and_is_no_event_of_an_order(subscriber: Subscriber) -> None:
    assert send(subscriber, 1, data={}) == 204
    assert (subscriber.deliveries, subscriber.bad_signatures) == ([], 0)


def test_what_overtakes_an_earlier_event_is_found(subscriber: Subscriber) -> None:
    for number in (1, 3, 2, 4, 1, 3):
        send(subscriber, number)
    send(subscriber, 1, order="o-2")
    assert subscriber.out_of_order() == ["order o-1: 2 was first taken after 3 had come"]
    assert subscriber.received() == {"o-1": [1, 3, 2, 4], "o-2": [1]}


def test_an_event_may_not_come_while_an_earlier_one_is_still_refused(
    subscriber: Subscriber,
) -> None:
    subscriber.react(ReactionShares(refused=1))
    assert send(subscriber, 1) == 500
    subscriber.accept_all()
    assert [send(subscriber, 2), send(subscriber, 1)] == [204, 204]
    assert subscriber.out_of_order() == ["order o-1: 1 was first taken after 2 had come"]


def test_what_was_never_accepted_is_not_out_of_order(subscriber: Subscriber) -> None:
    subscriber.react(ReactionShares(refused=1))
    send(subscriber, 1)
    subscriber.accept_all()
    send(subscriber, 3)
    assert subscriber.out_of_order() == []
    assert subscriber.received() == {"o-1": [3]}


def test_it_hangs_up_on_request(subscriber: Subscriber) -> None:
    subscriber.react(ReactionShares(hung_up=1))
    assert send(subscriber, 1) == 0
    assert subscriber.received() == {}
    subscriber.accept_all()
    assert send(subscriber, 1) == 204
    assert [one.accepted for one in subscriber.deliveries] == [False, True]


def test_it_is_late_on_request(subscriber: Subscriber) -> None:
    subscriber.react(ReactionShares(late=1, late_seconds=0.3))
    began = time.monotonic()
    assert send(subscriber, 1) == 204
    assert time.monotonic() - began >= 0.3


def test_nobody_is_kept_waiting_when_it_leaves() -> None:
    before = threading.active_count()
    with ThreadPoolExecutor(1) as pool:
        with Subscriber(shares=ReactionShares(late=1, late_seconds=30)) as subscriber:
            subscriber.trust(SECRET)
            sent = pool.submit(send, subscriber, 1)
            wait_until(lambda: bool(subscriber.deliveries))
            began = time.monotonic()
        assert sent.result(5) in (0, 204)
        assert time.monotonic() - began < 5
    assert threading.active_count() == before


def test_the_seed_decides_who_is_refused() -> None:
    def statuses(seed: int) -> list[int]:
        with Subscriber(seed, ReactionShares(refused=0.5)) as subscriber:
            subscriber.trust(SECRET)
            return [send(subscriber, number) for number in range(30)]

    first = statuses(1)
    assert first == statuses(1)
    assert first != statuses(2)
    assert 5 < first.count(500) < 25


def test_connections_are_kept(subscriber: Subscriber) -> None:
    with urllib3.HTTPConnectionPool("127.0.0.1", int(subscriber.url.split(":")[2][:5])) as pool:
        statuses = [pool.request("POST", "/webhooks", body=b"{}").status for _ in range(5)]
        assert (statuses, pool.num_connections) == ([401] * 5, 1)


def test_the_stores_own_sender_and_it_understand_each_other(subscriber: Subscriber) -> None:
    sender = Subscribers(private=True)
    about = {"order_id": "o-1", "number": 1}
    message = event_message(7, "order.confirmed", datetime.now(UTC), about, {})
    subscriber.react(ReactionShares(refused=1))
    assert sender.send(subscriber.url, message, [SECRET]).answer == "500"
    subscriber.react(ReactionShares(hung_up=1))
    assert not sender.send(subscriber.url, message, [SECRET]).taken
    subscriber.accept_all()
    assert sender.send(subscriber.url, message, [OTHER, SECRET]).taken
    assert {delivery.event_id for delivery in subscriber.deliveries} == {"evt_7"}
    assert (subscriber.received(), subscriber.bad_signatures) == ({"o-1": [1]}, 0)
