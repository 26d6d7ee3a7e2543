"""Runs a real server in a process of its own and talks to it through sockets."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from store.server.rpc import make_server

PROGRAM = """
from store.server.commands import run

def serve():
    from store.server.patching import cooperate
    cooperate()

    import os, sys, gevent
    from flask import Response, request
    from grpc_health.v1 import health_pb2, health_pb2_grpc
    from store.server.blueprint import Blueprint
    from store.server.channel import open_channel
    from store.server.environ import Environ
    from store.server.errors import Unavailable
    from store.server.gunicorn import HttpConfig, serve_http
    from store.server.lifecycle import stopping
    from store.server.logs import set_up_logs
    from store.server.web import create_app

    set_up_logs("test")
    env = Environ(os.environ)
    http = HttpConfig.from_environ(env)
    env.check()
    routes = Blueprint("routes", __name__)
    channel = open_channel(os.environ.get("PEER", "127.0.0.1:1"))
    health = health_pb2_grpc.HealthStub(channel)
    broken = []

    @routes.post("/length")
    def length():
        return {"length": len(request.get_data())}

    @routes.get("/sleep/<float:seconds>")
    def sleep(seconds):
        gevent.sleep(seconds)
        return {"slept": seconds}

    @routes.get("/stream")
    def stream():
        def ticks():
            yield "first\\n"
            stopping.wait()
            yield "last\\n"
        return Response(ticks())

    @routes.get("/ticks")
    def ticks():
        def forever():
            try:
                while not stopping.wait(0.02):
                    yield "tick\\n"
            finally:
                print("ticks end", flush=True)
        return Response(forever())

    @routes.get("/peer")
    def peer():
        answer = health.Check(health_pb2.HealthCheckRequest(), timeout=5)
        return {"status": answer.status}

    @routes.post("/break")
    def break_it():
        broken.append(1)
        return {}

    @routes.get("/bug")
    def bug():
        raise RuntimeError("oops")

    def make():
        if os.environ.get("BAD_APP"):
            raise RuntimeError("this app cannot be made")
        return create_app("test", title="Test", blueprints=[routes])

    def check():
        if broken:
            raise ConnectionError("postgresql://u:hunter2@db")

    def hang():
        if broken:
            gevent.sleep(60)

    def refuse():
        if broken:
            raise Unavailable("Migrations are missing: 0002_prices.")

    def loop():
        print("loop begins", flush=True)
        if not os.path.exists(os.environ["ONCE"]):
            open(os.environ["ONCE"], "w").close()
            raise RuntimeError("the loop stumbles once")
        stopping.wait()
        print("loop ends", flush=True)

    ready = {"database": check, "slow": hang, "migrations": refuse}
    serve_http("test", make, http, ready, [loop])

run("test", {"serve": serve})
"""


@dataclass
class Running:
    process: subprocess.Popen[str]
    url: str
    ops: str
    output: Path

    def said(self) -> str:
        return self.output.read_text()

    def leave(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(10)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_until(so: Callable[[], bool], seconds: float = 10.0) -> None:
    ends = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.02)


def is_ready(running: Running) -> bool:
    assert running.process.poll() is None, running.said()
    with contextlib.suppress(requests.ConnectionError):
        return requests.get(f"{running.ops}/ready", timeout=5).status_code == 200
    return False


@contextlib.contextmanager
def started(folder: Path, **environ: str) -> Iterator[Running]:
    port, ops_port = free_port(), free_port()
    ours = {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "BIND": "127.0.0.1",
        "PORT": str(port),
        "OPS_PORT": str(ops_port),
        "ONCE": str(folder / "once"),
    }
    output = folder / "output"
    with output.open("w") as sink:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "serve"],
            env=dict(os.environ) | ours | environ,
            stdout=sink,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        yield Running(process, f"http://127.0.0.1:{port}", f"http://127.0.0.1:{ops_port}", output)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(30)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Running]:
    (tmp_path / "once").touch()
    with started(tmp_path) as running:
        wait_until(lambda: is_ready(running))
        yield running


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    peer = make_server(lambda _server: None, [])
    port = peer.add_insecure_port("127.0.0.1:0")
    peer.start()
    with started(tmp_path_factory.mktemp("server"), PEER=f"127.0.0.1:{port}") as running:
        wait_until(lambda: is_ready(running))
        yield running
    peer.stop(0).wait()


def raw(running: Running, sent: bytes) -> bytes:
    host, _, port = running.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as sock:
        sock.sendall(sent)
        sock.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionResetError):
            return b"".join(iter(lambda: sock.recv(65536), b""))
    return b""


def test_a_connection_serves_many_requests(running: Running) -> None:
    with requests.Session() as session:
        answers = [session.post(f"{running.url}/length", data=b"abc", timeout=5) for _ in range(5)]
    assert [answer.json() for answer in answers] == [{"length": 3}] * 5
    assert len({answer.headers["X-Request-Id"] for answer in answers}) == 5


def test_a_chunked_body_is_read_up_to_the_limit(running: Running) -> None:
    def send(parts: int) -> requests.Response:
        chunks = (b"a" * 100_000 for _ in range(parts))
        return requests.post(f"{running.url}/length", data=chunks, timeout=10)

    assert send(9).json() == {"length": 900_000}
    refused = send(11)
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")


def test_bytes_that_are_no_text_are_refused_by_the_whole_server(running: Running) -> None:
    for address in (b"/length?q=%ff", b"/%00", b"/\xff", b"/%c3%28"):
        answer = raw(running, b"GET " + address + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 400 "), answer
        assert b'"code":"bad_text"' in answer


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /\r\n\r\n",
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
        b"POST /length HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nshort",
        b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_nonsense_is_answered_quietly(running: Running, nonsense: bytes) -> None:
    before = running.said()
    answer = raw(running, nonsense)
    assert not answer or answer.startswith(b"HTTP/1.1 4"), answer
    assert "Traceback" not in running.said().removeprefix(before)


def test_a_client_that_leaves_is_no_news(running: Running) -> None:
    before = running.said()
    sock = socket.create_connection(("127.0.0.1", int(running.url.rpartition(":")[2])))
    sock.sendall(b"GET /ticks HTTP/1.1\r\nHost: x\r\n\r\n")
    assert sock.recv(100)
    # Resets the connection instead of closing it in good manners.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    sock.close()
    wait_until(lambda: "ticks end" in running.said())
    requests.get(f"{running.url}/docs", timeout=5)
    assert "Traceback" not in running.said().removeprefix(before)


def test_the_ops_port_tells_about_the_same_process(running: Running) -> None:
    requests.get(f"{running.url}/sleep/0.0", timeout=5)
    page = requests.get(f"{running.ops}/metrics", timeout=5).text
    assert 'http_request_duration_seconds_count{method="GET",route="/sleep/<float:seconds>"' in page
    assert "process_resident_memory_bytes" in page
    assert requests.get(f"{running.ops}/live", timeout=5).json() == {"live": True}
    assert requests.get(f"{running.ops}/nowhere", timeout=5).status_code == 404
    assert requests.get(f"{running.url}/metrics", timeout=5).status_code == 404


def test_a_slow_request_does_not_hold_up_others(running: Running) -> None:
    with ThreadPoolExecutor(10) as pool:
        began = time.monotonic()
        list(pool.map(lambda _: requests.get(f"{running.url}/sleep/0.5", timeout=5), range(10)))
    assert time.monotonic() - began < 2.5


def test_a_background_loop_that_fails_begins_again(running: Running) -> None:
    wait_until(lambda: running.said().count("loop begins") == 2)
    assert "a background loop failed" in running.said()


def test_a_worker_forked_after_cooperate_calls_grpc(running: Running) -> None:
    answers = [requests.get(f"{running.url}/peer", timeout=10) for _ in range(3)]
    assert [answer.json() for answer in answers] == [{"status": 1}] * 3


def test_ready_says_what_is_missing_without_secrets(fresh: Running) -> None:
    requests.post(f"{fresh.url}/break", timeout=5)
    began = time.monotonic()
    answer = requests.get(f"{fresh.ops}/ready", timeout=5)
    assert time.monotonic() - began < 4
    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False,
        "failing": {
            "database": "ConnectionError",
            "slow": "no answer in time",
            "migrations": "Migrations are missing: 0002_prices.",
        },
    }
    assert requests.get(f"{fresh.ops}/live", timeout=5).status_code == 200
    assert "hunter2" not in fresh.said()


def test_sigterm_finishes_what_is_in_hand(fresh: Running) -> None:
    idle = requests.Session()
    idle.get(f"{fresh.url}/docs", timeout=5)
    with (
        ThreadPoolExecutor(2) as pool,
        requests.get(f"{fresh.url}/stream", stream=True, timeout=10) as stream,
    ):
        lines = stream.iter_lines()
        assert next(lines) == b"first"
        slow = pool.submit(requests.get, f"{fresh.url}/sleep/1.0", timeout=10)
        time.sleep(0.3)
        fresh.process.send_signal(signal.SIGTERM)
        wait_until(lambda: requests.get(f"{fresh.ops}/ready", timeout=5).status_code == 503)
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{fresh.url}/docs", timeout=5)
        assert slow.result().json() == {"slept": 1.0}
        assert slow.result().headers["Connection"] == "close"
        assert list(lines) == [b"last"]
    began = time.monotonic()
    assert fresh.process.wait(10) == 0
    assert time.monotonic() - began < 5
    assert "loop ends" in fresh.said()
    idle.close()


def test_ctrl_c_leaves_at_once_when_nothing_is_in_hand(fresh: Running) -> None:
    began = time.monotonic()
    assert fresh.leave(signal.SIGINT) == 0
    assert time.monotonic() - began < 5
    assert "Traceback" not in fresh.said()


@pytest.mark.parametrize("name", ["PORT", "OPS_PORT"])
def test_a_port_in_use_is_one_line(tmp_path: Path, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with started(tmp_path, **{name: str(port)}) as running:
            assert running.process.wait(10) == 2
            (line,) = running.said().splitlines()
    assert line.startswith(f"test serve: cannot listen on 127.0.0.1:{port}: Address already in use")


def test_an_app_that_cannot_be_made_ends_the_process(tmp_path: Path) -> None:
    with started(tmp_path, BAD_APP="yes") as running:
        assert running.process.wait(10) == 3
    assert "this app cannot be made" in running.said()
    assert running.said().count("Booting worker") == 1
