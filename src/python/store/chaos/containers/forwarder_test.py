"""The forwarder as a program of its own; the pods are addresses of the loopback."""

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


class RunningForwarder:
    """A forwarder that runs, in front of pods that send their address and then repeat what they receive."""

    def __init__(self, program: "subprocess.Popen[str]", port: int) -> None:
        self._program, self._port = program, port

    def forward_to(self, *pods: str) -> None:
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
            while received := connection.recv(100):
                connection.sendall(received)

    Thread(target=serve, daemon=True).start()
    return listening


@contextmanager
def started(port: int, target_port: int) -> Iterator[RunningForwarder]:
    file = str(Path(forwarder.__file__))
    command = [sys.executable, file, str(port), str(target_port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as program:
        try:
            yield RunningForwarder(program, port)
        finally:
            program.kill()


@pytest.fixture
def running() -> Iterator[RunningForwarder]:
    port, target_port = free_port(), free_port()
    with ExitStack() as opened:
        for address in PODS:
            listening = opened.enter_context(pod(address, target_port))
            opened.callback(listening.shutdown, socket.SHUT_RDWR)
        yield opened.enter_context(started(port, target_port))


def test_a_connection_reaches_a_pod_that_is_ready_and_no_other(running: RunningForwarder) -> None:
    running.forward_to(PODS[1])
    wait_until(lambda: running.answering() != "")
    assert {running.answering() for _ in range(10)} == {PODS[1]}
    running.forward_to(*PODS)
    wait_until(lambda: running.answering() == PODS[0])


def test_with_no_pod_ready_nobody_answers(running: RunningForwarder) -> None:
    running.forward_to(*PODS)
    wait_until(lambda: running.answering() != "")
    running.forward_to()
    wait_until(lambda: running.answering() == "")


def test_a_connection_stays_with_its_pod_when_that_is_ready_no_more(
    running: RunningForwarder,
) -> None:
    running.forward_to(PODS[0])
    wait_until(lambda: running.answering() == PODS[0])
    with running.connect() as connection:
        assert connection.recv(100) == PODS[0].encode()
        running.forward_to(PODS[1])
        wait_until(lambda: running.answering() == PODS[1])
        connection.sendall(b"still there?")
        assert connection.recv(100) == b"still there?"
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b""
