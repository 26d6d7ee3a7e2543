"""The program `inventory serve`, as ops run it."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from store.auth.testing import Signer
from store.database.config import DatabaseConfig
from store.inventory.models.tables import database
from store.server.grpc.testing import RunningProgram, running, wait_until

Headers = dict[str, str]

PROGRAM = "from store.inventory.main import main; main()"


@pytest.fixture(scope="module")
def jwks_url(signer: Signer) -> Iterator[str]:
    """Where users would publish its keys."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(signer.jwks()).encode())

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/jwks.json"
        server.shutdown()


@pytest.fixture
def service(database_config: DatabaseConfig, jwks_url: str) -> Iterator[RunningProgram]:
    """The service, ready."""
    environ = {"DATABASE_URL": database_config.url, "JWKS_URL": jwks_url}
    with running(PROGRAM, "serve", **environ) as started:
        wait_until(started.is_ready)
        yield started


def rows(numbers: range) -> Iterator[bytes]:
    """A CSV file, a few rows at a time."""
    yield b"sku,title,price,currency,stock,warehouse\n"
    for start in range(numbers.start, numbers.stop, 50):
        chunk = range(start, min(start + 50, numbers.stop))
        yield "".join(f"SKU-{n},Mug {n},12.90,EUR,5,main\n" for n in chunk).encode()


def count_variants() -> int:
    """How many SKUs there are."""
    return int(database.rows("SELECT count(*) AS variants FROM variants")[0]["variants"])


def test_a_file_of_unknown_length_is_imported_while_it_is_sent(
    service: RunningProgram, staff: Headers
) -> None:
    url = f"{service.url}/v1/imports?format=csv"
    answer = requests.post(url, data=rows(range(1200)), headers=staff, timeout=60)
    assert answer.status_code == 200, answer.text
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["type"] for line in lines if line["type"] != "progress"] == ["summary"]
    assert (lines[-1]["rows"], lines[-1]["created"]) == (1200, 1200)
    found = requests.get(f"{service.url}/v1/products?q=mugg+77&currency=EUR", timeout=10).json()
    assert found["items"][0]["title"] == "Mug 77"
    assert found["items"][0]["variants"][0]["available"] == 5
    assert service.leave(signal.SIGTERM) == 0


def test_a_broken_off_import_keeps_whole_batches_and_can_be_run_again(
    service: RunningProgram, staff: Headers
) -> None:
    half_sent(service, staff, b"".join(rows(range(1190))) + b"SKU-9999,Mug cut off in the mid")
    wait_until(lambda: "an import broke off after" in service.said())
    kept = count_variants()
    assert kept in (500, 1000)
    url = f"{service.url}/v1/imports?format=csv"
    answer = requests.post(url, data=rows(range(1200)), headers=staff, timeout=60)
    summary = json.loads(answer.text.splitlines()[-1])
    assert (summary["unchanged"], summary["created"]) == (kept, 1200 - kept)
    assert count_variants() == 1200
    assert "Traceback" not in service.said()


def test_an_import_gives_way_to_a_restart(service: RunningProgram, staff: Headers) -> None:
    def with_a_restart() -> Iterator[bytes]:
        for number, chunk in enumerate(rows(range(20_000))):
            if number == 12:
                service.process.send_signal(signal.SIGTERM)
            yield chunk

    url = f"{service.url}/v1/imports?format=csv"
    answer = requests.post(url, data=with_a_restart(), headers=staff, timeout=60)
    assert json.loads(answer.text.splitlines()[-1])["code"] == "stopping"
    assert service.process.wait(30) == 0
    assert count_variants() % 500 == 0


def half_sent(service: RunningProgram, staff: Headers, data: bytes) -> None:
    """Send a part of a chunked body, then hang up."""
    host, port = service.url.removeprefix("http://").split(":")
    headers = {"Host": host, "Transfer-Encoding": "chunked", **staff}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(f"POST /v1/imports?format=csv HTTP/1.1\r\n{head}\r\n".encode())
        connection.sendall(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        # The first progress says that it has begun.
        assert b"200 OK" in connection.recv(1000)


@pytest.mark.parametrize(
    ("command", "missing"),
    [
        ("serve", "DATABASE_URL, JWKS_URL"),
        ("rpc", "DATABASE_URL, RPC_KEYS"),
        ("migrate", "DATABASE_URL"),
    ],
)
def test_it_says_in_one_line_what_is_missing(command: str, missing: str) -> None:
    environ: dict[str, Any] = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    arguments = [sys.executable, "-c", PROGRAM, command]
    ended = subprocess.run(arguments, env=environ, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"inventory {command}: bad environment: missing: {missing}\n"


def test_a_new_database_is_migrated(postgres: Any) -> None:
    owner = "inventory_migrated"
    postgres.create_role(owner)
    postgres.create_database(owner, owner=owner)
    environ = {"DATABASE_URL": postgres.url(owner, owner)}
    with running(PROGRAM, "migrate", **environ) as migrating:
        assert migrating.process.wait(60) == 0, migrating.said()
        assert "0005_search" in migrating.said()
