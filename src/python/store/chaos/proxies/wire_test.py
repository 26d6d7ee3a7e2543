"""What passes through an HTTP door arrives as it was sent, and what breaks off there breaks off here."""

import threading
from collections.abc import Iterator

import pytest

from store.chaos.proxies.proxies import Doors
from store.chaos.proxies.testing import NOTHING, connected, exactly, playing

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
    doors: Doors, path: bytes, method: bytes, rest: bytes, answer: bytes
) -> None:
    request = method + b" " + path + b" HTTP/1.1\r\n" + HEADERS + rest
    with playing(request, [answer]) as (url, came), connected(doors.gateway("a", url)) as caller:
        caller.sendall(request)
        assert exactly(caller, len(answer) + 1) == answer
        assert came == [request]


def test_a_megabyte_arrives_as_it_was(doors: Doors) -> None:
    body = bytes(range(256)) * 4096
    head = b"POST /v1/refunds HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    with (
        playing(head + body, [answer]) as (url, came),
        connected(doors.gateway("a", url)) as caller,
    ):
        caller.sendall(head + body)
        assert exactly(caller, len(answer)) == answer
        assert came == [head + body]


def test_a_stream_is_heard_while_it_is_told(doors: Doors) -> None:
    request = b"GET /v1/orders/7/events HTTP/1.1\r\n\r\n"
    beginning = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n"
    heard = threading.Event()

    def told() -> Iterator[bytes]:
        yield beginning
        assert heard.wait(5)
        yield b"0\r\n\r\n"

    with playing(request, told()) as (url, _), connected(doors.front("a", url)) as buyer:
        buyer.sendall(request)
        assert exactly(buyer, len(beginning)) == beginning
        heard.set()
        assert exactly(buyer, 5) == b"0\r\n\r\n"


def test_an_end_in_the_middle_of_an_answer_is_passed_on(doors: Doors) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nno more"
    with playing(NOTHING, [answer]) as (url, _), connected(doors.gateway("a", url)) as caller:
        caller.sendall(NOTHING)
        assert exactly(caller, 1) == b""


@pytest.mark.parametrize("nonsense", [b"nonsense\r\n\r\n", b"GET /\r\n\r\n", b"\r\n\r\n"])
def test_a_caller_that_speaks_nonsense_is_left(doors: Doors, nonsense: bytes) -> None:
    with playing(nonsense, []) as (url, _), connected(doors.gateway("a", url)) as caller:
        caller.sendall(nonsense)
        assert exactly(caller, 1) == b""


@pytest.mark.parametrize(
    "nonsense",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 fine\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nmany\r\n",
    ],
)
def test_nonsense_is_no_answer(doors: Doors, nonsense: bytes) -> None:
    with playing(NOTHING, [nonsense]) as (url, _), connected(doors.gateway("a", url)) as caller:
        caller.sendall(NOTHING)
        assert exactly(caller, 1) == b""
