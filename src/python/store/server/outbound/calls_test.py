"""Calls over real sockets and real gRPC, with threads and with greenlets, and a breaker around them."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import pytest
import requests
from prometheus_client import REGISTRY

from store.server.errors import Conflict
from store.server.grpc.channel import BreakerOpen as RpcBreakerOpen
from store.server.grpc.channel import OutcomeUnknown, errors_in_our_words, open_channel
from store.server.grpc.testing import SAY, failing, running, serving, wait_until
from store.server.outbound.breaker import Breaker
from store.server.outbound.http_client import BreakerOpen, session

REST = 0.4


class Shaky(ThreadingHTTPServer):
    """Answers with `status`, as soon as it `may`, and counts how often it was asked."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Desk)
        self.status, self.asked = 503, 0
        self.may = threading.Event()
        self.may.set()


class Desk(BaseHTTPRequestHandler):
    server: Shaky

    def do_POST(self) -> None:
        self.server.asked += 1
        self.server.may.wait(10)
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Quiet."""


@pytest.fixture
def shaky() -> Iterator[Shaky]:
    server = Shaky()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@contextmanager
def posting(server: Shaky, breaker: Breaker | None) -> Iterator[Callable[[], int]]:
    """Calls the server; the answer's status."""
    with session("shaky", breaker) as http:
        url = f"http://127.0.0.1:{server.server_port}/"
        yield lambda: http.post(url, timeout=10).status_code


def test_over_http_nothing_is_sent_until_one_trial_is_answered(shaky: Shaky) -> None:
    with posting(shaky, Breaker("shaky", failures=3, rest_seconds=REST)) as post:
        assert [post() for _ in range(3)] == [503] * 3
        began = time.monotonic()
        with pytest.raises(BreakerOpen):
            post()
        assert time.monotonic() - began < REST
        assert (shaky.asked, is_open("shaky"), not_asked("shaky", "POST")) == (3, 1, 1)

        shaky.status = 200
        shaky.may.clear()
        time.sleep(REST)
        answers = all_at_once(post, BreakerOpen, let_go=shaky.may.set)
        assert (answers.count(200), answers.count(BreakerOpen)) == (1, 19)
        assert (shaky.asked, is_open("shaky")) == (4, 0)
        assert [post() for _ in range(3)] == [200] * 3


def test_a_refusal_is_an_answer(shaky: Shaky) -> None:
    shaky.status = 402
    with posting(shaky, Breaker("refusing", failures=2)) as post:
        assert [post() for _ in range(5)] == [402] * 5


def test_without_a_breaker_every_call_is_made(shaky: Shaky) -> None:
    with posting(shaky, None) as post:
        assert [post() for _ in range(20)] == [503] * 20
    assert shaky.asked == 20


def test_nobody_there_counts_and_what_follows_is_a_lost_connection_too() -> None:
    with session("nobody", Breaker("nobody", failures=2)) as http:
        for _ in range(2):
            with pytest.raises(requests.ConnectionError) as lost:
                http.post("http://127.0.0.1:1/", timeout=5)
            assert not isinstance(lost.value, BreakerOpen)
        with pytest.raises(requests.ConnectionError, match="nobody has not answered") as caught:
            http.post("http://127.0.0.1:1/", timeout=5)
    assert isinstance(caught.value, BreakerOpen)


def test_over_grpc_nothing_is_sent_until_one_trial_is_answered() -> None:
    asked: list[int] = []
    may, fine = threading.Event(), threading.Event()
    may.set()

    def say(_request: bytes, context: grpc.ServicerContext) -> bytes:
        asked.append(1)
        may.wait(10)
        if not fine.is_set():
            context.abort(grpc.StatusCode.UNAVAILABLE, "soon")
        return b"fine"

    breaker = Breaker("echo", failures=3, rest_seconds=REST)
    with serving(say) as address, open_channel(address, "echo", breaker=breaker) as channel:
        ask = asking(channel)
        for _ in range(3):
            with pytest.raises(OutcomeUnknown):
                ask()
        with pytest.raises(OutcomeUnknown) as caught:
            ask()
        assert isinstance(caught.value.__cause__, RpcBreakerOpen)
        assert (len(asked), is_open("echo"), not_asked("echo", "Say") > 0) == (3, 1, True)

        fine.set()
        may.clear()
        time.sleep(REST)
        answers = all_at_once(ask, OutcomeUnknown, let_go=may.set)
        assert (answers.count(b"fine"), answers.count(OutcomeUnknown)) == (1, 19)
        assert (len(asked), is_open("echo"), ask()) == (4, 0, b"fine")


def test_over_grpc_a_refusal_is_an_answer() -> None:
    breaker = Breaker("echo", failures=2)
    with (
        serving(failing(Conflict("No."))) as address,
        open_channel(address, "echo", breaker=breaker) as channel,
    ):
        for _ in range(5):
            with pytest.raises(Exception, match=r"^No\.$"):
                asking(channel)()


def asking(channel: grpc.Channel) -> Callable[[], bytes]:
    say: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(SAY)

    def ask() -> bytes:
        with errors_in_our_words():
            return say(b"hi", timeout=10)

    return ask


PROGRAM = """
from store.server.process.gevent_patch import patch_gevent
patch_gevent()
import time
import gevent
from gevent.server import StreamServer
from store.server.outbound.breaker import Breaker
from store.server.outbound.http_client import BreakerOpen, session

status = b"503 Unavailable"

def answer(sock, _address):
    while sock.recv(65536):
        gevent.sleep(0.3)
        sock.sendall(b"HTTP/1.1 " + status + b"\\r\\nContent-Length: 0\\r\\n\\r\\n")

server = StreamServer(("127.0.0.1", 0), answer)
server.start()
http = session("slow", Breaker("slow", failures=3, rest_seconds=0.6))

def post():
    try:
        return http.post(f"http://127.0.0.1:{server.server_port}/", timeout=5).status_code
    except BreakerOpen:
        return 0

def all_at_once(number):
    callers = [gevent.spawn(post) for _ in range(number)]
    gevent.joinall(callers)
    return [caller.value for caller in callers]

began = time.monotonic()
print(all_at_once(8), time.monotonic() - began < 1.5, post())
gevent.sleep(0.7)
killed = gevent.spawn(post)
gevent.sleep(0.1)
killed.kill()
print(post())
gevent.sleep(0.7)
status = b"200 OK"
answers = all_at_once(20)
print(answers.count(200), answers.count(0), post())
"""


def test_greenlets_do_not_queue_up_and_a_killed_trial_is_followed_by_another() -> None:
    with running(PROGRAM) as program:
        assert program.process.wait(30) == 0
        output = program.said().replace("slow does not answer: no calls for a moment\n", "")
    assert output.splitlines() == [f"{[503] * 8} True 0", "0", "1 19 200"]


def all_at_once(
    call: Callable[[], object], refusal: type[Exception], let_go: Callable[[], None]
) -> list[object]:
    """What 20 callers get at the same time; the one who is served waits until the others are back."""
    answers: list[object] = []

    def one(_: int) -> None:
        try:
            answers.append(call())
        except refusal:
            answers.append(refusal)

    with ThreadPoolExecutor(20) as callers:
        done = callers.map(one, range(20))
        try:
            wait_until(lambda: len(answers) >= 19)
        finally:
            let_go()
        list(done)
    return answers


def is_open(dependency: str) -> float | None:
    return REGISTRY.get_sample_value("dependency_breaker_open", {"dependency": dependency})


def not_asked(dependency: str, operation: str) -> float:
    labels = {"dependency": dependency, "operation": operation, "outcome": "not_asked"}
    return REGISTRY.get_sample_value("dependency_request_duration_seconds_count", labels) or 0.0
