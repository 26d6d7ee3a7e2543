import socket
import threading
import time
from collections.abc import Iterator

import pytest

from store.chaos.alarms.slow_network import SlowRoad


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that says everything again, to one caller."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            caller, _ = listening.accept()
            with caller:
                while said := caller.recv(100):
                    caller.sendall(said)

        serving = threading.Thread(target=serve)
        serving.start()
        yield listening.getsockname()[1]
        serving.join(10)
        assert not serving.is_alive(), "the server was never told that the caller had gone"


def say(caller: socket.socket, text: bytes) -> float:
    """Seconds until it comes back."""
    began = time.monotonic()
    caller.sendall(text)
    assert caller.recv(100) == text
    return time.monotonic() - began


def test_what_is_sent_arrives_later_while_the_road_is_slow(echo: int) -> None:
    with SlowRoad(echo) as road, socket.create_connection(("127.0.0.1", road.port)) as caller:
        caller.settimeout(10)
        say(caller, b"at once")
        road.delay = 0.3
        assert 0.3 <= say(caller, b"late") < 3
        road.delay = 0.0
        assert say(caller, b"at once again") < 0.3


def test_calls_on_a_slow_road_do_not_queue_up(echo: int) -> None:
    with SlowRoad(echo) as road, socket.create_connection(("127.0.0.1", road.port)) as caller:
        caller.settimeout(10)
        road.delay = 0.3
        began = time.monotonic()
        for _ in range(5):
            caller.sendall(b"x")
            time.sleep(0.05)
        answered = 0
        while answered < 5:
            answered += len(caller.recv(100))
        assert time.monotonic() - began < 1.2


def test_where_nobody_is_the_caller_is_told_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with SlowRoad(port) as road, socket.create_connection(("127.0.0.1", road.port)) as caller:
        caller.settimeout(10)
        assert caller.recv(100) == b""
