"""Sending over real sockets: what counts as taken, how long it may last, and where it may go."""

import ssl
import time
from datetime import timedelta
from email.utils import format_datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from prometheus_client import REGISTRY
from standardwebhooks import Webhook

from store.orders.webhooks import connections
from store.orders.webhooks.clients import Receipt, Subscribers
from store.orders.webhooks.errors import BadEndpointUrl
from store.orders.webhooks.fake_subscriber import Subscriber
from store.orders.webhooks.messages import MOST_BYTES, Message, event_message
from store.orders.webhooks.signatures import new_secret
from store.server.clock import now
from store.server.grpc.testing import free_port

MESSAGE = Message("evt_7", b'{"type": "order.placed"}')


@pytest.fixture
def subscribers() -> Subscribers:
    return Subscribers(private=True)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a certificate for 127.0.0.1 and shop.example that nobody has signed but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "subscriber")])
    host = x509.SubjectAlternativeName(
        [x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("shop.example")]
    )
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(host, critical=False)
        .sign(key, hashes.SHA256())
    )
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = tmp_path / "certificate.pem"
    file.write_bytes(key.private_bytes(*form) + made.public_bytes(Encoding.PEM))
    return file


def test_a_message_arrives_signed_with_each_secret(
    subscriber: Subscriber, subscribers: Subscribers
) -> None:
    new, old = new_secret(), new_secret()
    url = f"{subscriber.url}?shop=1"
    assert subscribers.send(url, MESSAGE, [new, old]) == Receipt(True, "200")
    [got] = subscriber.got
    assert (got.path, got.body) == ("/hooks?shop=1", MESSAGE.body)
    assert got.headers["webhook-id"] == "evt_7"
    assert got.headers["content-type"] == "application/json"
    assert abs(int(got.headers["webhook-timestamp"]) - time.time()) < 10
    for secret in (new, old):
        assert Webhook(secret).verify(got.body, got.headers) == {"type": "order.placed"}
    assert len(got.headers["webhook-signature"].split()) == 2


@pytest.mark.parametrize("status", [200, 202, 204, 299])
def test_a_2xx_takes_it(subscriber: Subscriber, subscribers: Subscribers, status: int) -> None:
    subscriber.answer = lambda _got: status
    assert subscribers.send(subscriber.url, MESSAGE, [new_secret()]).taken


@pytest.mark.parametrize("status", [301, 307, 304, 400, 401, 404, 410, 429, 500, 503])
def test_nothing_else_takes_it_and_no_redirect_is_followed(
    subscriber: Subscriber, subscribers: Subscribers, status: int
) -> None:
    subscriber.answer = lambda _got: status
    subscriber.headers = {"Location": f"{subscriber.url}/elsewhere"}
    found = subscribers.send(subscriber.url, MESSAGE, [new_secret()])
    assert found == Receipt(False, str(status), gone=status == 410)
    assert len(subscriber.got) == 1


@pytest.mark.parametrize(
    ("said", "least", "most"),
    [
        ("120", 120, 120),
        ("0", 0, 0),
        ("9" * 400, 3600, 3600),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0, 0),
        ("Sun Nov  6 08:49:37 1994", 0, 0),
        ("soon", None, None),
        ("-3", None, None),
    ],
)
def test_retry_after_is_understood_in_all_its_forms(
    subscriber: Subscriber,
    subscribers: Subscribers,
    said: str,
    least: float | None,
    most: float | None,
) -> None:
    subscriber.answer = lambda _got: 503
    subscriber.headers = {"Retry-After": said}
    wait = subscribers.send(subscriber.url, MESSAGE, [new_secret()]).retry_after
    if least is None or most is None:
        assert wait is None
    else:
        assert wait is not None
        assert least <= wait <= most


def test_retry_after_may_be_a_date(subscriber: Subscriber, subscribers: Subscribers) -> None:
    subscriber.answer = lambda _got: 503
    subscriber.headers = {"Retry-After": format_datetime(now() + timedelta(seconds=90))}
    wait = subscribers.send(subscriber.url, MESSAGE, [new_secret()]).retry_after
    assert wait is not None
    assert 60 < wait <= 90


def test_messages_share_a_connection(subscriber: Subscriber, subscribers: Subscribers) -> None:
    for _ in range(3):
        subscribers.send(subscriber.url, MESSAGE, [new_secret()])
    assert len({got.connection for got in subscriber.got}) == 1


def test_a_connection_that_the_subscriber_has_closed_is_replaced(
    subscriber: Subscriber, subscribers: Subscribers
) -> None:
    subscriber.headers = {"Connection": "close"}
    for _ in range(2):
        assert subscribers.send(subscriber.url, MESSAGE, [new_secret()]).taken
    assert len({got.connection for got in subscriber.got}) == 2


def test_a_connection_is_not_kept_for_ever(
    subscriber: Subscriber, subscribers: Subscribers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "IDLE_SECONDS", 0.0)
    for _ in range(2):
        subscribers.send(subscriber.url, MESSAGE, [new_secret()])
        time.sleep(0.01)
    subscribers.send(f"http://127.0.0.1:{free_port()}/", MESSAGE, [new_secret()])
    assert len({got.connection for got in subscriber.got}) == 2


def test_nobody_there_has_a_name(subscribers: Subscribers) -> None:
    for url, word in (
        (f"http://127.0.0.1:{free_port()}/", "connection_refused"),
        ("http://no-such-host.invalid/", "unknown_host"),
    ):
        assert subscribers.send(url, MESSAGE, [new_secret()]) == Receipt(False, word)


@pytest.mark.parametrize(
    ("status", "outcome"), [(204, "ok"), (410, "refused"), (503, "error"), (0, "unreachable")]
)
def test_attempts_are_counted_by_what_became_of_them(
    subscriber: Subscriber, subscribers: Subscribers, status: int, outcome: str
) -> None:
    subscriber.answer = lambda _got: status
    url = subscriber.url if status else f"http://127.0.0.1:{free_port()}/"
    before = attempts(outcome)
    subscribers.send(url, MESSAGE, [new_secret()])
    assert attempts(outcome) == before + 1


def attempts(outcome: str) -> float:
    labels = {"dependency": "subscribers", "operation": "POST", "outcome": outcome}
    return REGISTRY.get_sample_value("dependency_request_duration_seconds_count", labels) or 0.0


def test_only_certificates_that_are_trusted_will_do(
    subscriber: Subscriber, subscribers: Subscribers, certificate: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    subscriber.socket = context.wrap_socket(subscriber.socket, server_side=True)
    url = subscriber.url.replace("http:", "https:")
    assert subscribers.send(url, MESSAGE, [new_secret()]) == Receipt(False, "bad_certificate")
    trusting = ssl.create_default_context(cafile=certificate)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connections, "_tls", lambda: trusting)
        for _ in range(2):
            assert subscribers.send(url, MESSAGE, [new_secret()]) == Receipt(True, "200")
    assert len({got.connection for got in subscriber.got}) == 1


def test_a_certificate_is_of_the_name_and_not_of_the_address_behind_it(
    subscriber: Subscriber,
    subscribers: Subscribers,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    asked_for = []
    context.sni_callback = lambda _sock, name, _context: asked_for.append(name)
    subscriber.socket = context.wrap_socket(subscriber.socket, server_side=True)
    trusting = ssl.create_default_context(cafile=certificate)
    monkeypatch.setattr(connections, "_tls", lambda: trusting)
    monkeypatch.setattr(connections, "addresses_of", lambda *_, **__: ["127.0.0.1"])
    for host, outcome in (
        ("shop.example", Receipt(True, "200")),
        ("other.example", Receipt(False, "bad_certificate")),
    ):
        url = f"https://{host}:{subscriber.server_port}/"
        assert subscribers.send(url, MESSAGE, [new_secret()]) == outcome
    assert asked_for == ["shop.example", "other.example"]
    [got] = subscriber.got
    assert got.headers["host"] == f"shop.example:{subscriber.server_port}"


def test_without_leave_nothing_goes_to_this_network(subscriber: Subscriber) -> None:
    careful = Subscribers(private=False)
    assert careful.send(subscriber.url, MESSAGE, [new_secret()]) == Receipt(False, "bad_url")
    # A name that leads to an address of ours, and passes for any other until it is looked up.
    port = subscriber.server_port
    for host in ("2130706433", "0x7f.1"):
        found = careful.send(f"https://{host}:{port}/", MESSAGE, [new_secret()])
        assert found == Receipt(False, "private_address")
    with pytest.raises(BadEndpointUrl):
        careful.check_url(subscriber.url)
    assert subscriber.got == []


def test_facts_that_are_too_much_for_a_message_are_left_out() -> None:
    about = {"order_id": "1", "number": 3}
    small = event_message(5, "order.placed", now(), about, {"reason": "x"})
    large = event_message(5, "order.placed", now(), about, {"reason": "x" * MOST_BYTES})
    assert (small.id, b'"reason"' in small.body) == ("evt_5", True)
    assert (large.id, b'"reason"' in large.body) == ("evt_5", False)
    assert b'"number":3' in large.body
