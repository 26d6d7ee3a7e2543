import socket
import threading
import time
from collections.abc import Iterator

import pytest

from store.chaos.proxies.delay_proxy import DelayProxy


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that echoes everything, to one caller."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            caller, _ = listening.accept()
            with caller:
                while data := caller.recv(100):
                    caller.sendall(data)

        serving = threading.Thread(target=serve)
        serving.start()
        yield listening.getsockname()[1]
        serving.join(10)
        assert not serving.is_alive(), "the server did not see that the caller had gone"


def say(caller: socket.socket, text: bytes) -> float:
    """Seconds until it comes back."""
    began = time.monotonic()
    caller.sendall(text)
    assert caller.recv(100) == text
    return time.monotonic() - began


def test_what_is_sent_arrives_later_while_there_is_a_delay(echo: int) -> None:
    with DelayProxy(echo) as proxy, socket.create_connection(("127.0.0.1", proxy.port)) as caller:
        caller.settimeout(10)
        say(caller, b"at once")
        proxy.delay = 0.3
        assert 0.3 <= say(caller, b"late") < 3
        proxy.delay = 0.0
        assert say(caller, b"at once again") < 0.3


def test_delayed_calls_do_not_queue_up(echo: int) -> None:
    with DelayProxy(echo) as proxy, socket.create_connection(("127.0.0.1", proxy.port)) as caller:
        caller.settimeout(10)
        proxy.delay = 0.3
        began = time.monotonic()
        for _ in range(5):
            caller.sendall(b"x")
            time.sleep(0.05)
        answered = 0
        while answered < 5:
            answered += len(caller.recv(100))
        assert time.monotonic() - began < 1.2


def test_the_caller_is_hung_up_on_where_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with DelayProxy(port) as proxy, socket.create_connection(("127.0.0.1", proxy.port)) as caller:
        caller.settimeout(10)
        assert caller.recv(100) == b""
