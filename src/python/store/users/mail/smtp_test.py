"""Handing mails to real SMTP servers: clear text, STARTTLS, TLS; with and without a log-in."""

import datetime
import ipaddress
import socket
import ssl
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from prometheus_client import REGISTRY

from store.users.mail.smtp import PermanentSmtpError, SmtpServer, TransientSmtpError
from store.users.testing.mail_server import MailServer, free_port

HOST = "127.0.0.1"


def sent(outcome: str) -> float:
    labels = {"dependency": "mail", "operation": "send", "outcome": outcome}
    return REGISTRY.get_sample_value("dependency_request_duration_seconds_count", labels) or 0.0


def letter() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.com", "b@example.com", "Hello"
    message.set_content("Hello.\n")
    return message


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a key and its certificate for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    began = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(began)
        .not_valid_after(began + datetime.timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    plain = serialization.NoEncryption()
    kind = serialization.PrivateFormat.PKCS8
    pem = serialization.Encoding.PEM
    file.write_bytes(key.private_bytes(pem, kind, plain) + made.public_bytes(pem))
    return file


@pytest.fixture
def server_side(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


def log_in(
    _server: object, _session: object, _envelope: object, _how: str, data: object
) -> AuthResult:
    who = (getattr(data, "login", b""), getattr(data, "password", b""))
    return AuthResult(success=who == (b"shop", b"s p"), handled=False)


def test_a_mail_goes_out_in_clear_text(mail_server: MailServer) -> None:
    mail_server.letters.clear()
    before = sent("ok")
    SmtpServer.from_url(f"smtp://{HOST}:{mail_server.port}").send(letter())
    assert sent("ok") == before + 1
    assert [mail["Subject"] for mail in mail_server.letters] == ["Hello"]


@pytest.mark.usefixtures("trusted")
def test_a_mail_goes_out_by_starttls_with_a_log_in(server_side: ssl.SSLContext) -> None:
    options = {"tls_context": server_side, "auth_required": True, "authenticator": log_in}
    with MailServer.open(**options) as server:
        SmtpServer.from_url(f"smtp+starttls://shop:s%20p@{HOST}:{server.port}").send(letter())
        assert len(server.letters) == 1
        wrong = SmtpServer.from_url(f"smtp+starttls://shop:wrong@{HOST}:{server.port}")
        with pytest.raises(TransientSmtpError, match="535"):
            wrong.send(letter())


@pytest.mark.usefixtures("trusted")
def test_a_mail_goes_out_by_smtps(server_side: ssl.SSLContext) -> None:
    with MailServer.open(ssl_context=server_side) as server:
        SmtpServer.from_url(f"smtps://{HOST}:{server.port}").send(letter())
        assert len(server.letters) == 1


def test_a_server_that_cannot_prove_who_it_is_gets_nothing(server_side: ssl.SSLContext) -> None:
    with MailServer.open(tls_context=server_side) as server:
        with pytest.raises(TransientSmtpError, match="SSLCertVerificationError"):
            SmtpServer.from_url(f"smtp+starttls://{HOST}:{server.port}").send(letter())
        assert server.letters == []


def test_a_server_without_starttls_gets_nothing(mail_server: MailServer) -> None:
    mail_server.letters.clear()
    with pytest.raises(TransientSmtpError, match="SMTPNotSupportedError"):
        SmtpServer.from_url(f"smtp+starttls://{HOST}:{mail_server.port}").send(letter())
    assert mail_server.letters == []


def test_a_permanent_refusal_is_not_a_transient_one(mail_server: MailServer) -> None:
    server = SmtpServer(HOST, mail_server.port)
    before = sent("refused"), sent("error")
    try:
        mail_server.answer = "550 no such mailbox"
        with pytest.raises(PermanentSmtpError, match="550"):
            server.send(letter())
        mail_server.answer = "452 too much mail"
        with pytest.raises(TransientSmtpError, match="452"):
            server.send(letter())
    finally:
        mail_server.answer = "250 OK"
    assert (sent("refused"), sent("error")) == (before[0] + 1, before[1] + 1)


def test_a_server_that_says_nothing_is_left_at_the_deadline() -> None:
    with socket.create_server((HOST, 0)) as mute:
        server = SmtpServer(HOST, mute.getsockname()[1], seconds=0.2)
        before = sent("timeout")
        with pytest.raises(TransientSmtpError):
            server.send(letter())
    assert sent("timeout") == before + 1


def test_a_server_that_is_away_is_not_there_now() -> None:
    before = sent("unreachable")
    with pytest.raises(TransientSmtpError, match="ConnectionRefusedError"):
        SmtpServer(HOST, free_port()).send(letter())
    assert sent("unreachable") == before + 1


@pytest.mark.parametrize(
    "url",
    ["mail.example.com", "http://mail.example.com", "smtp://", "smtp://me:secret@mail.example.com",
     "smtp://mail.example.com:99999", "smtps://mail.example.com:x"],
)  # fmt: skip
def test_a_url_that_makes_no_sense_or_no_secret_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ValueError, match="must be") as refused:
        SmtpServer.from_url(url)
    assert "secret" not in str(refused.value)


def test_ports_are_those_of_the_standards() -> None:
    hosts = ["smtp://a", "smtp+starttls://a", "smtps://a"]
    assert [SmtpServer.from_url(url).port for url in hosts] == [25, 587, 465]
    assert "pass" not in repr(SmtpServer.from_url("smtps://me:pass@a"))
