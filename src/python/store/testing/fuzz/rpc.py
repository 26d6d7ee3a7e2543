"""Calls to inventory's gRPC port: methods that exist and others, with words that mean nothing."""

import contextlib
from random import Random

import grpc

from store.protos.inventory.v1 import inventory_pb2 as pb
from store.testing.fuzz.secret_words import Secret
from store.testing.fuzz.strange import CURRENCIES, marks

DEADLINE_SECONDS = 10
SERVICE = "store.inventory.v1.Inventory"
KNOWN = ("Quote", "Reserve", "Commit", "Release")
OWN_FAULTS = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DATA_LOSS}
# What gRPC itself answers to bytes that are no message, and INTERNAL is its code for that.
# Source: grpc.github.io/grpc/core/md_doc_statuscodes.html ("Error parsing request proto").
NO_MESSAGE = "Exception deserializing request!"


def send_calls(address: str, key: str, random: Random, count: int, sent: set[str]) -> list[str]:
    """The calls, of so many, whose answer is the server's own fault; their words go to `sent`."""
    words, faults = marks(random), []
    with grpc.insecure_channel(address) as channel:
        for _ in range(count):
            word = next(words)
            sent.add(word)
            method = _method(random, word)
            bearer = f"Bearer {random.choice((key, key, key, word))}"
            metadata = (("authorization", bearer), ("x-request-id", word), (word[:2].lower(), word))
            call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)
            try:
                call(_message(random, word), timeout=DEADLINE_SECONDS, metadata=metadata)
            except grpc.RpcError as error:
                if error.code() in OWN_FAULTS and error.details() != NO_MESSAGE:
                    faults.append(f"{method} -> {error.code().name} {error.details()}")
    return faults


def call_with(address: str, key: str, secret: Secret) -> int:
    """Send the secret as a field, as metadata, as the key and as a method's name; how many calls."""
    text = secret.text
    message = pb.ReserveRequest(order_id=text, currency=text, lines=[pb.Line(sku=text, quantity=1)])
    methods = [f"/{SERVICE}/{name}" for name in KNOWN]
    # A request id stands in logs by its nature: what has no looks looks like one.
    methods += [f"/{SERVICE}/{text}"] if secret.has_looks else []
    metadata = (("x-request-id", text),) if secret.has_looks else (("x-note", text),)
    with grpc.insecure_channel(address) as channel:
        for method in methods:
            for said in (key, text):
                call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)
                sent = (*metadata, ("authorization", f"Bearer {said}"))
                with contextlib.suppress(grpc.RpcError):
                    call(message.SerializeToString(), timeout=DEADLINE_SECONDS, metadata=sent)
    return 2 * len(methods)


def _method(random: Random, word: str) -> str:
    known = f"/{SERVICE}/{random.choice(KNOWN)}"
    strange = (f"/{SERVICE}/{word}", f"/{word}/{word}", f"/grpc.health.v1.Health/{word}")
    return random.choice((known, known, known, *strange))


def _message(random: Random, word: str) -> bytes:
    lines = [pb.Line(sku=word, quantity=random.randrange(-2, 5))]
    currency = random.choice((*CURRENCIES, word))
    messages = (
        pb.QuoteRequest(currency=currency, lines=lines),
        pb.ReserveRequest(order_id=word, currency=currency, lines=lines, hold_seconds=-1),
        pb.ReleaseRequest(order_id=word, reason=word),
    )
    return random.choice((*(each.SerializeToString() for each in messages), random.randbytes(60)))
