"""Connections that are not for ever, so that callers find replicas that were added."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import grpc
import pytest

from store.server.grpc.channel import open_channel
from store.server.grpc.testing import SAY, Say, serving

AGE_SECONDS = 0.3


class EchoService:
    """One address before several servers, as Kubernetes' are: each connection goes to the next one."""

    def __init__(self) -> None:
        self.backends: list[str] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: list[socket.socket] = [self._listener]

    @contextmanager
    def forwarding(self) -> Iterator[None]:
        """Until the end of the block."""
        thread = threading.Thread(target=self._accept)
        thread.start()
        try:
            yield
        finally:
            for each in self._open:
                with each:
                    _hang_up(each)
            thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                caller = self._listener.accept()[0]
            except OSError:
                return
            host, port = self.backends[self.connections % len(self.backends)].split(":")
            server = socket.create_connection((host, int(port)))
            self.connections += 1
            self._open += [caller, server]
            for ends in ((caller, server), (server, caller)):
                threading.Thread(target=_pass_on, args=ends, daemon=True).start()


def _pass_on(giver: socket.socket, taker: socket.socket) -> None:
    with suppress(OSError):
        while data := giver.recv(65536):
            taker.sendall(data)
    _hang_up(taker)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


def named(name: bytes) -> Say:
    """A server that says its name, taking longer than a connection lives for some calls."""

    def say(request: bytes, _context: grpc.ServicerContext) -> bytes:
        time.sleep(float(request))
        return name

    return say


@pytest.fixture
def service() -> Iterator[EchoService]:
    service = EchoService()
    with service.forwarding():
        yield service


class Callers:
    """People who call all the time, each taking so many seconds, over one channel."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.answers: list[bytes] = []
        self._say: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(SAY)
        self._enough = threading.Event()

    @contextmanager
    def calling(self, seconds: Sequence[float]) -> Iterator[None]:
        """Until the end of the block; then the first error that anybody met, if there was one."""
        with ThreadPoolExecutor(len(seconds)) as pool:
            callers = [pool.submit(self._call, each) for each in seconds]
            try:
                yield
            finally:
                self._enough.set()
            for caller in callers:
                caller.result(10)

    def _call(self, seconds: float) -> None:
        while not self._enough.is_set():
            self.answers.append(self._say(str(seconds).encode(), timeout=10))


def test_callers_find_a_second_server_and_no_call_fails_while_connections_age(
    service: EchoService,
) -> None:
    callers = Callers(channel := open_channel(service.address, "echo"))
    with (
        serving(named(b"first"), connection_seconds=AGE_SECONDS) as first,
        serving(named(b"second"), connection_seconds=AGE_SECONDS) as second,
        channel,
    ):
        service.backends = [first]
        with callers.calling([0, 0, 0, 0.001, 0.01, 2 * AGE_SECONDS]):
            time.sleep(2 * AGE_SECONDS)
            assert set(callers.answers) == {b"first"}
            service.backends = [first, second]
            time.sleep(8 * AGE_SECONDS)
    assert len(callers.answers) > 100
    assert callers.answers.count(b"second") > 20
    assert service.connections > 4
