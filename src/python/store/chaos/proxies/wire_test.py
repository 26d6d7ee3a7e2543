"""What passes through an HTTP proxy arrives as it was sent, and what breaks off there breaks off here."""

import threading
from collections.abc import Iterator

import pytest

from store.chaos.proxies.proxies import FaultProxies
from store.chaos.testing.http_servers import EMPTY_REFUND, connect, receive_exactly, scripted_server

HEADERS = b"Host: api.stripe.com\r\nIDEMPOTENCY-Key: order-1\r\nStripe-Signature: t=1,v1=a\r\nX: 1\r\nX: 2\r\n"
CREATED = (
    b"HTTP/1.1 201 Made\r\nLocation: /v1/orders/7\r\nretry-after: 3\r\nIdempotent-Replayed: true\r\n"
    b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 4\r\n\r\n\x00\xff\r\n"
)
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3;part=1\r\n\r\n\x00\r\nA\r\n0123456789\r\n0\r\nDigest: x\r\nOther: y\r\n\r\n"
)


@pytest.mark.parametrize("path", [b"/v1/refunds", b"/anything?q=%20#x"])
@pytest.mark.parametrize(
    ("method", "rest", "answer"),
    [
        (b"POST", b"Content-Length: 5\r\n\r\n\x00\r\n\r\n", CREATED),
        (b"POST", b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", CREATED),
        (b"POST", b"\r\n", CHUNKED),
        (b"POST", b"\r\n", b"HTTP/1.1 204 No Content\r\nX: y\r\n\r\n"),
        (b"POST", b"\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + CREATED),
        (b"POST", b"\r\n", b"HTTP/1.0 500 No\r\n\r\nuntil the end"),
        (b"HEAD", b"\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"),
    ],
)
def test_not_a_byte_is_changed(
    proxies: FaultProxies, path: bytes, method: bytes, rest: bytes, answer: bytes
) -> None:
    request = method + b" " + path + b" HTTP/1.1\r\n" + HEADERS + rest
    with (
        scripted_server(request, [answer]) as (url, requests),
        connect(proxies.gateway("a", url)) as caller,
    ):
        caller.sendall(request)
        assert receive_exactly(caller, len(answer) + 1) == answer
        assert requests == [request]


def test_a_megabyte_arrives_as_it_was(proxies: FaultProxies) -> None:
    body = bytes(range(256)) * 4096
    head = b"POST /v1/refunds HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    with (
        scripted_server(head + body, [answer]) as (url, requests),
        connect(proxies.gateway("a", url)) as caller,
    ):
        caller.sendall(head + body)
        assert receive_exactly(caller, len(answer)) == answer
        assert requests == [head + body]


def test_a_stream_is_received_while_it_is_sent(proxies: FaultProxies) -> None:
    request = b"GET /v1/orders/7/events HTTP/1.1\r\n\r\n"
    beginning = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n"
    received = threading.Event()

    def pieces() -> Iterator[bytes]:
        yield beginning
        assert received.wait(5)
        yield b"0\r\n\r\n"

    with scripted_server(request, pieces()) as (url, _), connect(proxies.front("a", url)) as buyer:
        buyer.sendall(request)
        assert receive_exactly(buyer, len(beginning)) == beginning
        received.set()
        assert receive_exactly(buyer, 5) == b"0\r\n\r\n"


def test_an_end_in_the_middle_of_an_answer_is_forwarded(proxies: FaultProxies) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nno more"
    with (
        scripted_server(EMPTY_REFUND, [answer]) as (url, _),
        connect(proxies.gateway("a", url)) as caller,
    ):
        caller.sendall(EMPTY_REFUND)
        assert receive_exactly(caller, 1) == b""


@pytest.mark.parametrize("nonsense", [b"nonsense\r\n\r\n", b"GET /\r\n\r\n", b"\r\n\r\n"])
def test_a_caller_that_sends_nonsense_is_hung_up_on(proxies: FaultProxies, nonsense: bytes) -> None:
    with scripted_server(nonsense, []) as (url, _), connect(proxies.gateway("a", url)) as caller:
        caller.sendall(nonsense)
        assert receive_exactly(caller, 1) == b""


@pytest.mark.parametrize(
    "nonsense",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 fine\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nmany\r\n",
    ],
)
def test_nonsense_is_no_answer(proxies: FaultProxies, nonsense: bytes) -> None:
    with (
        scripted_server(EMPTY_REFUND, [nonsense]) as (url, _),
        connect(proxies.gateway("a", url)) as caller,
    ):
        caller.sendall(EMPTY_REFUND)
        assert receive_exactly(caller, 1) == b""
