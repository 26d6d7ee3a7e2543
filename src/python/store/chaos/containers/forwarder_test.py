"""The stand-in of a Service as the program that it is; the pods are addresses of the loopback."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread

import pytest

from store.chaos.containers import forwarder
from store.server.grpc.testing import free_port, wait_until

PODS = ("127.0.0.2", "127.0.0.3")


class Service:
    """A forwarder that runs, in front of pods that say their address and then repeat what they hear."""

    def __init__(self, program: "subprocess.Popen[str]", port: int) -> None:
        self._program, self._port = program, port

    def lead_to(self, *pods: str) -> None:
        assert self._program.stdin
        self._program.stdin.write(" ".join(pods) + "\n")
        self._program.stdin.flush()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self._port), timeout=5)

    def answering(self) -> str:
        """Which pod a new connection reaches; "" if none."""
        try:
            with self.connect() as connection:
                return connection.recv(100).decode()
        except OSError:
            return ""


def pod(address: str, port: int) -> socket.socket:
    listening = socket.create_server((address, port))

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            Thread(target=talk, args=(connection,), daemon=True).start()

    def talk(connection: socket.socket) -> None:
        with connection:
            connection.sendall(address.encode())
            while heard := connection.recv(100):
                connection.sendall(heard)

    Thread(target=serve, daemon=True).start()
    return listening


@contextmanager
def started(port: int, target_port: int) -> Iterator[Service]:
    file = str(Path(forwarder.__file__))
    command = [sys.executable, file, str(port), str(target_port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as program:
        try:
            yield Service(program, port)
        finally:
            program.kill()


@pytest.fixture
def service() -> Iterator[Service]:
    port, target_port = free_port(), free_port()
    with ExitStack() as opened:
        for address in PODS:
            listening = opened.enter_context(pod(address, target_port))
            opened.callback(listening.shutdown, socket.SHUT_RDWR)
        yield opened.enter_context(started(port, target_port))


def test_a_connection_reaches_a_pod_that_is_ready_and_no_other(service: Service) -> None:
    service.lead_to(PODS[1])
    wait_until(lambda: service.answering() != "")
    assert {service.answering() for _ in range(10)} == {PODS[1]}
    service.lead_to(*PODS)
    wait_until(lambda: service.answering() == PODS[0])


def test_with_no_pod_ready_nobody_answers(service: Service) -> None:
    service.lead_to(*PODS)
    wait_until(lambda: service.answering() != "")
    service.lead_to()
    wait_until(lambda: service.answering() == "")


def test_a_connection_stays_with_its_pod_when_that_is_ready_no_more(service: Service) -> None:
    service.lead_to(PODS[0])
    wait_until(lambda: service.answering() == PODS[0])
    with service.connect() as connection:
        assert connection.recv(100) == PODS[0].encode()
        service.lead_to(PODS[1])
        wait_until(lambda: service.answering() == PODS[1])
        connection.sendall(b"still there?")
        assert connection.recv(100) == b"still there?"
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b""
