"""What tests need: answers read, programs run, gRPC served, and waiting with a bound."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import orjson
import requests
from werkzeug.test import TestResponse

from store.server.grpc.channel import errors_in_our_words, open_channel
from store.server.grpc.server import make_server

ECHO = "store.test.Echo"
SAY = f"/{ECHO}/Say"

Say = Callable[[bytes, grpc.ServicerContext], bytes]


@dataclass
class RunningProgram:
    """A program in a process of its own, and everything it has said so far."""

    process: subprocess.Popen[str]
    output: Path
    url: str
    ops: str

    def said(self) -> str:
        """Its standard output and error."""
        return self.output.read_text()

    def leave(self, number: int) -> int:
        """Its exit code after this signal."""
        self.process.send_signal(number)
        return self.process.wait(20)

    def is_ready(self) -> bool:
        """True when it says so itself; an AssertionError when it has ended instead."""
        assert self.process.poll() is None, self.said()
        with contextlib.suppress(requests.ConnectionError):
            return requests.get(f"{self.ops}/ready", timeout=5).status_code == 200
        return False


@contextlib.contextmanager
def running(program: str, *arguments: str, **environ: str) -> Iterator[RunningProgram]:
    """Run Python source with free ports in PORT and OPS_PORT; it is ended with the block."""
    port, ops_port = str(free_port()), str(free_port())
    ours = {"PYTHONPATH": os.pathsep.join(sys.path), "BIND": "127.0.0.1"}
    ours |= {"PORT": port, "OPS_PORT": ops_port}
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "output"
        with output.open("w") as sink:
            process = subprocess.Popen(
                [sys.executable, "-c", program, *arguments],
                env=dict(os.environ) | ours | environ,
                stdout=sink,
                stderr=subprocess.STDOUT,
                text=True,
            )
        try:
            yield RunningProgram(process, output, _address(port), _address(ops_port))
        finally:
            _end(process)


@contextlib.contextmanager
def serving(say: Say, *interceptors: grpc.ServerInterceptor, **options: Any) -> Iterator[str]:
    """The address of a gRPC server whose only method, SAY, is answered by `say`."""

    def add(server: grpc.Server) -> None:
        handlers: dict[str, Any] = {"Say": grpc.unary_unary_rpc_method_handler(say)}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(ECHO, handlers),))

    server = make_server(add, [ECHO], interceptors, **options)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(0).wait()


def call(address: str, request: bytes = b"hi", timeout: float = 5, **options: Any) -> bytes:
    """What SAY answers, over a channel like a service's, with errors in our words."""
    metadata = options.pop("metadata", None)
    with open_channel(address, "echo", **options) as channel, errors_in_our_words():
        say: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(SAY)
        return say(request, timeout=timeout, metadata=metadata)


def failing(error: Exception) -> Say:
    """A method that only ever raises this."""

    def say(_request: bytes, _context: grpc.ServicerContext) -> bytes:
        raise error

    return say


def problem(response: TestResponse) -> tuple[int, str]:
    """The status and the code of a problem document, which it must be."""
    assert response.mimetype == "application/problem+json"
    document = orjson.loads(response.data)
    assert document["status"] == response.status_code
    assert document["instance"] == response.headers["X-Request-Id"]
    assert document["type"] == "about:blank"
    assert document["title"]
    assert document["detail"]
    return document["status"], document["code"]


def invalid_fields(response: TestResponse) -> dict[str, str]:
    """The reasons by field of an answer that must be about invalid fields."""
    assert problem(response) == (422, "invalid")
    return {error["field"]: error["reason"] for error in orjson.loads(response.data)["errors"]}


def wait_until(so: Callable[[], bool], seconds: float = 15.0) -> None:
    """Return as soon as it is so; an AssertionError after that many seconds."""
    ends = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.02)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def closed_at_first(target: int | str, seconds: float) -> Iterator[int]:
    """A port of this machine that refuses connections for so long, then leads to another, or a socket's file."""
    closed = free_port()
    relays: list[socket.socket] = []

    def open_later() -> None:
        if over.wait(seconds):
            return
        with socket.create_server(("127.0.0.1", closed)) as listener:
            listener.settimeout(0.1)
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    near = listener.accept()[0]
                    far = _connection(target)
                    relays.extend((near, far))
                    for source, goal in ((near, far), (far, near)):
                        threading.Thread(target=_pass_on, args=(source, goal), daemon=True).start()

    over = threading.Event()
    opening = threading.Thread(target=open_later)
    opening.start()
    yield closed
    over.set()
    opening.join()
    for each in relays:
        each.close()


def _connection(target: int | str) -> socket.socket:
    if isinstance(target, int):
        return socket.create_connection(("127.0.0.1", target))
    made = socket.socket(socket.AF_UNIX)
    made.connect(target)
    return made


def _pass_on(source: socket.socket, goal: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while block := source.recv(2**16):
            goal.sendall(block)
        goal.shutdown(socket.SHUT_WR)


def _address(port: str) -> str:
    return f"http://127.0.0.1:{port}"


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
