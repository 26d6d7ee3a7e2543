import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from store.postgres.testing import Container, run_command
from store.postgres.tls import SSL_REQUEST, pass_on


class Front:
    """Stands before a PostgreSQL without TLS, and offers it or not; says who it is by `name`."""

    def __init__(self, server: Container, folder: Path, name: str, *, offers: bool = True) -> None:
        self.certificate, self.seen = folder / f"{name}.crt", 0
        key = folder / f"{name}.key"
        _certify(name, self.certificate, key)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.certificate, key)
        self._far = ("127.0.0.1", int(server.environ["PGPORT"]))
        self._offers = offers
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])
        Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._door.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._door.accept()
                Thread(target=self._greet, args=(near,), daemon=True).start()

    def _greet(self, near: socket.socket) -> None:
        with near, suppress(OSError):
            assert near.recv(len(SSL_REQUEST)) == SSL_REQUEST
            near.sendall(b"S" if self._offers else b"N")
            with (
                self._context.wrap_socket(near, server_side=True) as secured,
                socket.create_connection(self._far) as far,
            ):
                self.seen += 1
                while pass_on(far, secured):
                    pass


def _certify(name: str, certificate: Path, key: Path) -> None:
    """A certificate that vouches for itself."""
    own, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder(who, who, own.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(own, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        own.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


@pytest.fixture
def front(server: Container, tmp_path: Path) -> Iterator[Front]:
    made = Front(server, tmp_path, "localhost")
    yield made
    made.close()


def environ(server: Container, front: Front, folder: Path, query: str) -> dict[str, str]:
    password = server.environ["OWNER_PASSWORD"].replace(" ", "%20")
    url = f"postgresql://orders:{password}@localhost:{front.port}/orders?{query}"
    return {"DATABASE_URL": url, "BACKUPS": str(folder)}


@pytest.mark.parametrize("mode", ["prefer", "require", "verify-ca", "verify-full"])
def test_a_database_that_wants_tls_is_dumped_and_restored(
    server: Container, front: Front, tmp_path: Path, mode: str
) -> None:
    server.ask("DROP TABLE IF EXISTS wide")
    server.ask(
        "CREATE TABLE wide AS SELECT repeat(md5(n::text), 9) FROM generate_series(1, 9000) n"
    )
    authorities = f"&sslrootcert={front.certificate}" if mode.startswith("verify") else ""
    ours = environ(server, front, tmp_path, f"sslmode={mode}{authorities}")
    kept = run_command(ours, "backup")
    assert (kept.returncode, kept.stderr) == (0, "")
    server.ask("DELETE FROM wide")
    done = run_command(ours, "restore", "latest")
    assert done.returncode == 0, done.stderr
    assert server.ask("SELECT count(*) FROM wide") == [9000]
    assert front.seen > 4, "all went by TLS"


def test_the_environment_may_ask_for_it(server: Container, front: Front, tmp_path: Path) -> None:
    ours = environ(server, front, tmp_path, "")
    ours |= {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": str(front.certificate)}
    assert run_command(ours, "backup").returncode == 0
    assert front.seen


@pytest.mark.parametrize(
    ("name", "mode", "reason"),
    [
        ("elsewhere", "verify-full", "certificate is refused, Hostname mismatch"),
        ("elsewhere", "verify-ca", ""),
        ("localhost", "strangers", "certificate is refused, self-signed certificate"),
        ("localhost", "missing", "sslrootcert '/nonexistent' cannot be read: No such file"),
    ],
)
def test_who_cannot_prove_who_he_is_gets_no_password(
    server: Container, tmp_path: Path, name: str, mode: str, reason: str
) -> None:
    front = Front(server, tmp_path, name)
    other = Front(server, tmp_path, "a-stranger")
    trusted = {"strangers": other.certificate, "missing": Path("/nonexistent")}
    query = f"sslmode={mode if mode.startswith('verify') else 'verify-full'}"
    query += f"&sslrootcert={trusted.get(mode, front.certificate)}"
    done = run_command(environ(server, front, tmp_path, query), "backup")
    assert (done.returncode, front.seen > 0) == ((1, False) if reason else (0, True))
    assert reason in done.stderr
    front.close()
    other.close()


def test_where_tls_must_be_and_is_not_nothing_is_said(server: Container, tmp_path: Path) -> None:
    front = Front(server, tmp_path, "localhost", offers=False)
    done = run_command(environ(server, front, tmp_path, "sslmode=require"), "backup")
    front.close()
    assert done.stderr == (
        f"postgres backup: The database at localhost, port {front.port} cannot be reached: "
        "it offers no TLS, but sslmode is require\n"
    )
