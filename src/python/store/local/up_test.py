"""The whole store, once, as a newcomer meets it."""

import gzip
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import requests

from store.local.errors import PortInUse
from store.local.folder import Folder
from store.local.ports import Ports
from store.local.runner import python_environ
from store.local.welcome import BUYER, PASSWORD, READY

READY_SECONDS = 120


class Running:
    """An `up` in a process of its own, and what it has said so far."""

    def __init__(self, data: Path, base: int) -> None:
        command = ["up", "--data", str(data), "--port-base", str(base)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "store.local.main", *command],
            env=python_environ(Path.cwd()),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as said:
            self.lines.extend(line.rstrip("\n") for line in iter(said.readline, ""))

    def wait_until_ready(self) -> None:
        wait_for(
            lambda: "Ctrl-C stops it; the data stays." in self.lines or self.ended, READY_SECONDS
        )
        assert READY in self.lines, "\n".join(self.lines)

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        status = self.process.wait(60)
        self._reader.join(10)
        return status


def wait_for(condition: Callable[[], object], seconds: float) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "waited in vain"
        time.sleep(0.05)


@pytest.fixture
def data() -> Iterator[Path]:
    """A folder whose path is short enough for a socket, and open to the user PostgreSQL runs as."""
    folder = Path(tempfile.mkdtemp(prefix="up-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def up(data: Path) -> Iterator[Callable[[], Running]]:
    """Starts the store; the same port base each time."""
    base, started = free_port_base(), list[Running]()

    def start() -> Running:
        started.append(Running(data, base))
        started[-1].wait_until_ready()
        return started[-1]

    yield start
    for running in started:
        if not running.ended:
            running.end(signal.SIGTERM)


def free_port_base() -> int:
    for _ in range(50):
        base = random.randrange(12_000, 30_000, 100)
        try:
            Ports(base).check_free()
        except PortInUse:
            continue
        return base
    raise AssertionError("no free ports on this machine")


def try_it(lines: Sequence[str]) -> dict[str, object]:
    """Paste the printed lines into bash; the last one's answer."""
    printed = [line for line in lines if line.startswith(("curl ", "TOKEN="))]
    assert len(printed) == 4
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    done = subprocess.run(
        ["/bin/bash", "-c", "\n".join(printed)],
        env={"PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == ""
    answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return answer


def audit(data: Path) -> dict[str, object]:
    command = ["store.proof.main", "audit", "--json", "--grace", "0", "--data", str(data)]
    report: dict[str, object] = json.loads(run(*command))
    return report


def import_books(data: Path) -> str:
    """Import a file of two good rows and a bad one; what was said."""
    file = data / "books.csv.gz"
    rows = "Code,Name,Cost\nBOOK-1,Ein Buch,9.90\nBOOK-2,Noch eins,0\nBOOK-3,Ein drittes,12.50\n"
    file.write_bytes(gzip.compress(rows.encode()))
    columns = ["--map", "sku=Code", "--map", "title=Name", "--map", "price=Cost"]
    values = ["--set", "currency=EUR", "--rejects", str(data / "rejects.csv")]
    command = ["store.local.main", "import", str(file), *columns, *values]
    return run(*command, "--data", str(data))


def run(module: str, *arguments: str) -> str:
    """What a command of ours prints; it has to succeed."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=python_environ(Path.cwd()),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def nothing_is_left(data: Path) -> bool:
    """Every child holds the folder's lock; PostgreSQL has a note of its own while it runs."""
    folder = Folder(data)
    folder.hold()
    folder.let_go()
    return not (data / "postgres" / "data" / "postmaster.pid").exists()


def orders_of_the_buyer(base: int) -> list[str]:
    ports = Ports(base)
    body = {"email": BUYER, "password": PASSWORD}
    token = requests.post(f"{ports.url('users')}/v1/sessions", json=body, timeout=10).json()
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    found = requests.get(f"{ports.url('orders')}/v1/orders", headers=headers, timeout=10).json()
    return [order["id"] for order in found["items"]]


def test_a_newcomer_starts_it_orders_a_mug_stops_it_and_finds_everything_again(
    up: Callable[[], Running], data: Path
) -> None:
    first = up()
    base = json.loads((data / "addresses.json").read_text())["port_base"]
    order = try_it(first.lines)
    assert (order["state"], order["total"]) == ("confirmed", 2980)
    assert audit(data)["money"] == {
        "EUR": {
            "orders": 1,
            "sold": 2980,
            "captured": 2980,
            "given_back": 0,
            "refunded": 0,
            "kept": 2980,
        }
    }
    assert "3 rows, 2 created, 0 updated, 0 unchanged, 1 rejected" in import_books(data)
    assert (data / "rejects.csv").read_text().splitlines()[1] == "3,3,Cost,Must be above zero."
    wait_for(lambda: any("@example.com" in mail.name for mail in (data / "mail").glob("*.eml")), 30)

    assert first.end(signal.SIGINT) == 0
    assert nothing_is_left(data)

    second = up()
    assert orders_of_the_buyer(base) == [order["id"]]

    second.end(signal.SIGKILL)
    wait_for(lambda: nothing_is_left(data), 30)
    assert os.path.exists(data / "postgres" / "data" / "PG_VERSION")


def test_a_port_in_use_is_one_clear_message(data: Path) -> None:
    base = free_port_base()
    with socket.socket() as other:
        other.bind(("127.0.0.1", Ports(base).orders))
        other.listen()
        refused = Running(data, base)
        assert refused.process.wait(30) == 1
        refused.end(signal.SIGTERM)
    assert refused.lines[-1].startswith(f"Error: Port {base + 3} (orders) is in use.")
    assert not any("Traceback" in line for line in refused.lines)
