"""Requests that no library would send, written byte by byte: strange methods, paths and headers."""

import socket
from collections.abc import Iterator
from contextlib import closing
from random import Random
from urllib.parse import quote, urlsplit

from store.testing.fuzz.answers import FuzzResponse

ANSWER_SECONDS = 15.0
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "get")
HEADERS = (
    *("User-Agent", "X-Request-Id", "Cookie", "Accept", "Accept-Language", "Content-Type"),
    *("Idempotency-Key", "If-Match", "If-None-Match", "Forwarded", "X-Forwarded-For", "Referer"),
    *("Authorization", "Stripe-Signature", "Stripe-Version", "traceparent", "tracestate"),
)
CURRENCIES = ("EUR", "USD", "XAU", "ZWL", "eur", "???")


def marks(random: Random) -> Iterator[str]:
    """Words that stand nowhere else, in the shapes of what a label must never hold."""
    while True:
        word = f"zq{random.getrandbits(48):012x}"
        yield word
        yield f"{word}@example.com"
        yield f"SKU-{word.upper()}"
        yield f"{random.getrandbits(32):08x}-0000-7000-8000-{random.getrandbits(48):012x}"


def strange_requests(random: Random, count: int, sent: set[str]) -> Iterator[bytes]:
    """So many of them; what is distinctive about each is put into `sent`."""
    words = marks(random)
    for number in range(count):
        word = next(words)
        sent.add(word)
        method = random.choice((*METHODS, word.upper().replace("@", "-")))
        head = [f"{method} {_target(random, number, word)} HTTP/1.1", f"Host: {word}.example.com"]
        head += [f"{name}: {_value(random, name, word)}" for name in random.sample(HEADERS, 6)]
        body = _body(random, word)
        head += [f"Content-Length: {len(body)}", "Connection: close"]
        yield "\r\n".join([*head, "", ""]).encode("latin-1") + body


def send(service: str, url: str, request: bytes) -> FuzzResponse:
    """What the server says to these bytes; status 0 when it hangs up."""
    where = urlsplit(url)
    address = (where.hostname, where.port)
    with closing(socket.create_connection(address, ANSWER_SECONDS)) as connection:
        try:
            connection.sendall(request)
            said = b"".join(iter(lambda: connection.recv(65_536), b""))
        except ConnectionError:
            said = b""
    status = said.split(b" ", 2)[1] if said.startswith(b"HTTP/") else b"0"
    first_line = request.split(b"\r\n", 1)[0].decode("latin-1")
    return FuzzResponse(service, first_line, int(status), said.decode("latin-1"))


def _target(random: Random, number: int, word: str) -> str:
    targets = (
        f"/{word}",
        f"/v1/{word}/{word}",
        f"/v1/products/{word}",
        f"/v1/variants/{quote(word)}/stock",
        f"/v1/orders/{word}/events",
        f"/v1/users/{word}",
        f"/v1/users?email={quote(word)}",
        f"/v1/products?q={quote(word)}&currency={random.choice(CURRENCIES)}",
        f"/v1/payment_intents/pi_{word}",
        f"/docs/{word}",
        f"/docs/{word}/../../{word}",
        f"//v1//{word}",
        f"/v1/orders?cursor={word * 200}",
        f"/v1/products?{word}=%00%ff%fe",
        f"/%c3%28{quote(word)}",
        f"/{word}" * 60,
        f"http://{word}.example.com/v1/products",
        "/docs",
        "/openapi.json",
        "*",
    )
    return targets[number % len(targets)]


def _value(random: Random, name: str, word: str) -> str:
    if name == "traceparent":
        return f"00-{random.getrandbits(128):032x}-{random.getrandbits(64):016x}-01"
    if name == "Authorization":
        return random.choice((f"Bearer {word}", f"Basic {word}", word))
    if name == "Content-Type":
        return random.choice((f"application/{word}", "application/json", f"text/{word}; q={word}"))
    return random.choice((word, word * 50, f'"{word}"', f"{word}\xe9\xff"))


def _body(random: Random, word: str) -> bytes:
    return random.choice(
        (
            b"",
            word.encode(),
            f'{{"email": "{word}", "sku": "{word}", "currency": "{word}"'.encode(),
            f'{{"email": "{word}", "password": "{word}"}}'.encode(),
            random.randbytes(300),
        )
    )
