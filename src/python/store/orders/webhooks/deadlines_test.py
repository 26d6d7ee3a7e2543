"""Subscribers that do not behave: none of them holds us for longer than the deadline."""

import socket
import time

import pytest

from store.orders.webhooks import clients
from store.orders.webhooks.clients import Receipt, Subscribers
from store.orders.webhooks.fake_subscriber import talking, trickle
from store.orders.webhooks.messages import Message
from store.orders.webhooks.signatures import new_secret

MESSAGE = Message("evt_7", b'{"type": "order.placed"}')


@pytest.fixture
def subscribers() -> Subscribers:
    return Subscribers(private=True)


@pytest.mark.parametrize(
    ("head", "outcome"),
    [
        (b"", Receipt(False, "timeout")),
        (b"HTTP/1.1 ", Receipt(False, "timeout")),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", Receipt(False, "timeout")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", Receipt(True, "200")),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", Receipt(True, "200")),
    ],
)
def test_the_deadline_bounds_the_whole_attempt_also_against_a_trickle(
    subscribers: Subscribers, monkeypatch: pytest.MonkeyPatch, head: bytes, outcome: Receipt
) -> None:
    monkeypatch.setattr(clients, "DEADLINE_SECONDS", 0.5)
    with talking(trickle(head)) as url:
        began = time.monotonic()
        assert subscribers.send(url, MESSAGE, [new_secret()]) == outcome
        assert time.monotonic() - began < 3


def test_a_trickled_tls_handshake_ends_at_the_deadline_too(
    subscribers: Subscribers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "DEADLINE_SECONDS", 0.5)
    # The head of a TLS record of 16 kB that never comes to its end.
    with talking(trickle(b"\x16\x03\x03\x40\x00")) as url:
        began = time.monotonic()
        found = subscribers.send(url.replace("http:", "https:"), MESSAGE, [new_secret()])
        assert found == Receipt(False, "timeout")
        assert time.monotonic() - began < 3


def test_an_answer_is_not_read_to_its_end(subscribers: Subscribers) -> None:
    sent = 0

    def flood(sock: socket.socket) -> None:
        nonlocal sent
        sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while sent < 2**28:
            sock.sendall(b"10000\r\n" + bytes(65536) + b"\r\n")
            sent += 65536

    with talking(flood) as url:
        assert subscribers.send(url, MESSAGE, [new_secret()]).taken
    assert sent < 2**26


@pytest.mark.parametrize(
    ("said", "word"),
    [
        (b"", "connection_lost"),
        (b"220 mail.example ESMTP\r\n", "not_http"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70000 + b"\r\n\r\n", "not_http"),
        (b"HTTP/1.1 abc OK\r\n\r\n", "not_http"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", "not_http"),
    ],
)
def test_nonsense_has_a_name(subscribers: Subscribers, said: bytes, word: str) -> None:
    with talking(lambda sock: sock.sendall(said)) as url:
        assert subscribers.send(url, MESSAGE, [new_secret()]) == Receipt(False, word)
