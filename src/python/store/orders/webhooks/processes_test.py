"""Real worker processes, with gevent, that are stopped, killed and held up."""

import signal
import time
from contextlib import ExitStack

import pytest

from store.database.config import DatabaseConfig
from store.orders.conftest import Buy
from store.orders.testing.shop import ENCRYPTION_SECRET, FakeShop
from store.orders.webhooks.fake_subscriber import ReceivedMessage, Subscriber, talking, trickle
from store.orders.webhooks.testing import add_endpoint, all_due, states
from store.server.grpc.testing import free_port, running, wait_until

WORK = "import sys; from store.orders.main import work; sys.argv[0] = 'orders'; work()"
SEND = """
import sys
from store.server.process.gevent_patch import patch_gevent
patch_gevent()
from store.orders.webhooks import clients
from store.orders.webhooks.messages import Message
clients.DEADLINE_SECONDS = 1.0
print(clients.Subscribers(private=True).send(sys.argv[1], Message("evt_1", b"{}"), ["whsec_eA=="]))
"""


@pytest.fixture
def environ(database_config: DatabaseConfig) -> dict[str, str]:
    """What a worker needs that has nothing to do for orders."""
    return {
        "DATABASE_URL": database_config.url,
        "INVENTORY_ADDRESS": f"127.0.0.1:{free_port()}",
        "INVENTORY_RPC_KEY": "unused",
        "PAYMENT_API_KEY": "unused",
        "KEY_ENCRYPTION_SECRET": ENCRYPTION_SECRET,
        "WEBHOOK_PRIVATE_ADDRESSES": "true",
    }


def test_workers_that_are_stopped_or_killed_lose_nothing_and_overtake_nothing(
    buy: Buy, shop: FakeShop, subscriber: Subscriber, environ: dict[str, str]
) -> None:
    def slowly(_got: ReceivedMessage) -> int:
        time.sleep(0.02)
        return 200

    shop.inventory.shelf["MUG"] = 50
    subscriber.answer = slowly
    add_endpoint(subscriber.url)
    orders = [buy(1).id for _ in range(30)]
    with ExitStack() as programs:
        workers = [programs.enter_context(running(WORK, **environ)) for _ in range(2)]
        for each in workers:
            wait_until(each.is_ready, 30)
        stopped, killed = workers
        wait_until(lambda: len(subscriber.got) > 20, 20)
        stopped.process.send_signal(signal.SIGSTOP)
        killed.process.kill()
        killed.process.wait(10)
        all_due()  # half a minute later
        stopped.process.send_signal(signal.SIGCONT)
        again = programs.enter_context(running(WORK, **environ))
        wait_until(again.is_ready, 30)
        wait_until(lambda: {state for _, state in states()} == {"delivered"}, 30)
        assert [each.leave(signal.SIGTERM) for each in (stopped, again)] == [0, 0]
    for order in orders:
        assert list(dict.fromkeys(subscriber.numbers_of(order))) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX-Long: ", b"\x16\x03\x03\x40\x00"])
def test_the_deadline_holds_in_gevents_loop_too(head: bytes) -> None:
    with talking(trickle(head)) as url:
        scheme = "https:" if head.startswith(b"\x16") else "http:"
        with running(SEND, url.replace("http:", scheme)) as program:
            assert program.process.wait(30) == 0, program.said()
            assert "Receipt(taken=False, answer='timeout'" in program.said()
