"""Talks to one real server, in a process of its own, through sockets."""

import contextlib
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from store.server.grpc.server import make_server
from store.server.grpc.testing import RunningProgram, running, wait_until

PROGRAM = """
from store.server.process.gevent_patch import patch_gevent
patch_gevent(calls_by_grpc=True)

import os, gevent
from flask import Response, current_app, request
from grpc_health.v1 import health_pb2, health_pb2_grpc
from store.server.http.blueprint import Blueprint
from store.server.grpc.channel import open_channel
from store.server.environ import Environ
from store.server.process.gunicorn import HttpConfig, serve_http
from store.server.process.lifecycle import stopping
from store.server.telemetry.logs import set_up_logs
from store.server.http.web import create_app

set_up_logs("test")
routes = Blueprint("routes", __name__)

@routes.post("/length")
def length():
    return {"length": len(request.get_data())}

@routes.get("/sleep/<float:seconds>")
def sleep(seconds):
    gevent.sleep(seconds)
    return {"slept": seconds}

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
    return {"status": current_app.health.Check(health_pb2.HealthCheckRequest(), timeout=5).status}

def make():
    app = create_app("test", title="Test", blueprints=[routes])
    app.health = health_pb2_grpc.HealthStub(open_channel(os.environ["PEER"], "peer"))
    return app

serve_http("test", make, HttpConfig.from_environ(Environ(os.environ)), {})
"""


@pytest.fixture(scope="module")
def server() -> Iterator[RunningProgram]:
    peer = make_server(lambda _server: None, [])
    port = peer.add_insecure_port("127.0.0.1:0")
    peer.start()
    with running(PROGRAM, PEER=f"127.0.0.1:{port}", VERSION="4.5.6") as program:
        wait_until(program.is_ready)
        yield program
    peer.stop(0).wait()


def connected(server: RunningProgram) -> socket.socket:
    port = int(server.url.rpartition(":")[2])
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def answer_to(server: RunningProgram, sent: bytes) -> bytes:
    with connected(server) as sock, contextlib.suppress(ConnectionError):
        sock.sendall(sent)
        sock.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: sock.recv(65536), b""))
    return b""


def test_a_connection_serves_many_requests(server: RunningProgram) -> None:
    with requests.Session() as session:
        answers = [session.post(f"{server.url}/length", data=b"abc", timeout=5) for _ in range(5)]
    assert [answer.json() for answer in answers] == [{"length": 3}] * 5
    assert len({answer.headers["X-Request-Id"] for answer in answers}) == 5


def test_content_types_are_not_to_be_guessed(server: RunningProgram) -> None:
    for address in ("/nowhere", "/length", "/docs"):
        answer = requests.get(f"{server.url}{address}", timeout=5)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_requests_sent_in_one_go_are_answered_in_turn(server: RunningProgram) -> None:
    one = b"GET /sleep/0.0 HTTP/1.1\r\nHost: x\r\n\r\n"
    assert answer_to(server, one * 3).count(b'{"slept":0.0}') == 3


def test_a_chunked_body_is_read_up_to_the_limit(server: RunningProgram) -> None:
    def send(parts: int) -> requests.Response:
        chunks = (b"a" * 100_000 for _ in range(parts))
        return requests.post(f"{server.url}/length", data=chunks, timeout=10)

    assert send(9).json() == {"length": 900_000}
    refused = send(11)
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("address", [b"/length?q=%ff", b"/%00", b"/\xff", b"/%c3%28"])
def test_bytes_that_are_no_text_are_refused(server: RunningProgram, address: bytes) -> None:
    answer = answer_to(server, b"GET " + address + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
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
def test_nonsense_is_answered_quietly(server: RunningProgram, nonsense: bytes) -> None:
    before = server.said()
    answer = answer_to(server, nonsense)
    assert not answer or answer.startswith(b"HTTP/1.1 4"), answer
    assert "Traceback" not in server.said().removeprefix(before)


def test_a_client_that_leaves_is_no_news(server: RunningProgram) -> None:
    before = server.said()
    with connected(server) as sock:
        sock.sendall(b"GET /ticks HTTP/1.1\r\nHost: x\r\n\r\n")
        assert sock.recv(100)
        # Resets the connection instead of closing it in good manners.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    wait_until(lambda: "ticks end" in server.said())
    requests.get(f"{server.url}/docs", timeout=5)
    assert "Traceback" not in server.said().removeprefix(before)


def test_slow_requests_do_not_hold_up_each_other(server: RunningProgram) -> None:
    def sleep(_: int) -> int:
        return requests.get(f"{server.url}/sleep/0.5", timeout=10).status_code

    began = time.monotonic()
    with ThreadPoolExecutor(10) as pool:
        assert list(pool.map(sleep, range(10))) == [200] * 10
    assert time.monotonic() - began < 4


def test_the_ops_port_tells_about_the_same_process(server: RunningProgram) -> None:
    requests.get(f"{server.url}/sleep/0.0", timeout=5)
    page = requests.get(f"{server.ops}/metrics", timeout=5).text
    assert 'http_request_duration_seconds_count{method="GET",route="/sleep/<float:seconds>"' in page
    assert "process_resident_memory_bytes" in page
    assert 'build_info{version="4.5.6"} 1.0' in page
    assert "event_loop_lag_seconds_count" in page
    assert requests.get(f"{server.ops}/live", timeout=5).json() == {"live": True}
    assert requests.get(f"{server.ops}/nowhere", timeout=5).status_code == 404
    assert requests.get(f"{server.url}/metrics", timeout=5).status_code == 404


def in_flight(server: RunningProgram) -> float:
    page = requests.get(f"{server.ops}/metrics", timeout=5).text
    (line,) = (line for line in page.splitlines() if line.startswith("http_requests_in_flight "))
    return float(line.split()[1])


def test_requests_in_flight_are_counted_and_forgotten_however_they_end(
    server: RunningProgram,
) -> None:
    wait_until(lambda: in_flight(server) == 0)
    streams = [connected(server) for _ in range(3)]
    for sock in streams:
        sock.sendall(b"GET /ticks HTTP/1.1\r\nHost: x\r\n\r\n")
        assert sock.recv(100)
    half = connected(server)
    half.sendall(b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nshort")
    idle = requests.Session()
    idle.get(f"{server.url}/docs", timeout=5)
    requests.get(f"{server.url}/nowhere", timeout=5)
    wait_until(lambda: in_flight(server) == 4)
    streams[0].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    for sock in (*streams, half):
        sock.close()
    wait_until(lambda: in_flight(server) == 0)
    idle.close()


def test_the_worker_calls_grpc_though_it_was_forked(server: RunningProgram) -> None:
    answers = [requests.get(f"{server.url}/peer", timeout=10) for _ in range(3)]
    assert [answer.json() for answer in answers] == [{"status": 1}] * 3
