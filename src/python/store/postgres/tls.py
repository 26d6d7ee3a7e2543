"""TLS to a database elsewhere, for PostgreSQL's own programs: the wheel's are built without it.

They go to a socket of ours in a folder that only we can enter; from there on we encrypt. `sslmode` and
`sslrootcert` mean what they mean to libpq (libpq-ssl, "SSL Mode Descriptions").
"""

import os
import select
import socket
import ssl
import struct
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

from store.postgres.errors import CannotReach
from store.server.outbound.reachability import Unreachable

SSL_REQUEST = struct.pack("!II", 8, 80877103)  # "Message Formats", SSLRequest
PORT = "5432"
CONNECT_SECONDS = 10.0
BLOCK = 2**16
NEVER, IF_OFFERED, VERIFIED = {"disable"}, {"allow", "prefer"}, {"verify-ca", "verify-full"}


@contextmanager
def reachable(variables: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """Variables by which libpq's programs reach the same database without TLS of their own.

    Unreachable when nobody answers, CannotReach when its certificate is not accepted.
    """
    remote = RemoteDatabase.of({**os.environ, **variables})
    if remote is None or not remote.offers_tls():
        yield {**variables, "PGSSLMODE": "disable"}
        return
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(Path(folder, f".s.PGSQL.{PORT}")))
        listener.listen()
        Thread(target=_accept, args=(listener, remote), daemon=True).start()
        local = {"PGHOST": folder, "PGPORT": PORT, "PGSSLMODE": "disable", "PGSSLROOTCERT": ""}
        yield {**variables, **local}


class RemoteDatabase:
    """A database in the network, and how sure we have to be that it is the right one."""

    def __init__(self, host: str, port: int, mode: str, authorities: str) -> None:
        self.mode = mode
        self._host, self._port = host, port
        self._context = _context(mode, authorities)

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> "RemoteDatabase | None":
        """The one that libpq's variables name; None if it is on this machine, or TLS is not wanted."""
        host, mode = variables.get("PGHOST", ""), variables.get("PGSSLMODE") or "prefer"
        if not host or host.startswith("/") or mode in NEVER:
            return None
        port = int(variables.get("PGPORT") or PORT)
        return cls(host, port, mode, variables.get("PGSSLROOTCERT", ""))

    def offers_tls(self) -> bool:
        """Whether it does; CannotReach if it must and does not, or its certificate is not accepted.

        Unreachable if nobody answers.
        """
        try:
            connection = self.connected()
        except ssl.SSLCertVerificationError as error:
            raise self._trouble(f"its certificate is refused, {error.verify_message}") from error
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:  # it hung up: it may be starting
            raise Unreachable(error.strerror or str(error)) from error
        except ssl.SSLError as error:
            raise self._trouble(error.strerror or str(error)) from error
        except OSError as error:
            raise Unreachable(error.strerror or str(error)) from error
        if connection is None and self.mode not in IF_OFFERED:
            raise self._trouble(f"it offers no TLS, but sslmode is {self.mode}")
        if connection is not None:
            connection.close()
        return connection is not None

    def connected(self) -> ssl.SSLSocket | None:
        """A new connection to it; None if it offers no TLS."""
        plain = socket.create_connection((self._host, self._port), CONNECT_SECONDS)
        plain.sendall(SSL_REQUEST)
        offer = plain.recv(1)
        if offer != b"S":
            plain.close()
            if not offer:
                raise ConnectionError("it hung up")
            return None
        secured = self._context.wrap_socket(plain, server_hostname=self._host)
        secured.settimeout(None)
        return secured

    def _trouble(self, reason: str) -> CannotReach:
        return CannotReach(
            f"The database at {self._host}, port {self._port} cannot be reached: {reason}"
        )


def _context(mode: str, authorities: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = mode == "verify-full"
    if mode not in VERIFIED and not authorities:
        context.verify_mode = ssl.CERT_NONE
    elif authorities == "system":
        context.load_default_certs()
    else:
        try:
            context.load_verify_locations(authorities)
        except OSError as error:
            raise CannotReach(
                f"sslrootcert {authorities!r} cannot be read: {error.strerror}"
            ) from error
    return context


def _accept(listener: socket.socket, remote: RemoteDatabase) -> None:
    with suppress(OSError):  # the listener is closed in the end
        while True:
            client, _ = listener.accept()
            Thread(target=_relay, args=(client, remote), daemon=True).start()


def _relay(client: socket.socket, remote: RemoteDatabase) -> None:
    """Pass on bytes both ways until one side closes."""
    with client, suppress(OSError):
        secured = remote.connected()
        if secured is None:
            return
        with secured:
            while pass_on(client, secured):
                pass


def pass_on(plain: socket.socket, secured: ssl.SSLSocket) -> bool:
    """Wait for something to pass on, either way, and do; False when one side has closed."""
    # What is decrypted already makes no socket readable.
    ready = [secured] if secured.pending() else select.select([plain, secured], [], [])[0]
    for source in ready:
        source.setblocking(False)
        try:
            block = source.recv(BLOCK)
        except ssl.SSLWantReadError:
            continue  # it was not for us, but for TLS itself
        finally:
            source.setblocking(True)
        if not block:
            return False
        (secured if source is plain else plain).sendall(block)
    return True
