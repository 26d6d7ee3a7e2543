"""Delivery: signed, at least once, in order per order; and nobody holds up anybody else."""

from collections.abc import Iterator

import pytest

from store.orders.conftest import Buy
from store.orders.testing import VAULT
from store.orders.webhooks.clients import Subscribers
from store.orders.webhooks.dispatch import Dispatcher
from store.orders.webhooks.fake_subscriber import (
    Subscriber,
    add_endpoint,
    states,
    step_until,
    subscribing,
)


@pytest.fixture
def subscriber() -> Iterator[Subscriber]:
    with subscribing() as server:
        yield server


@pytest.fixture
def dispatcher() -> Iterator[Dispatcher]:
    made = Dispatcher(VAULT, Subscribers(private=True))
    yield made
    made.finish()


def test_events_of_an_order_come_in_order(
    buy: Buy, subscriber: Subscriber, dispatcher: Dispatcher
) -> None:
    add_endpoint(subscriber.url)
    order = buy()
    step_until(lambda: len(subscriber.got) == 5, dispatcher.step)
    assert subscriber.told == [(order.id, number) for number in range(1, 6)]
    dispatcher.finish()
    assert states() == [(number, "delivered") for number in range(1, 6)]
