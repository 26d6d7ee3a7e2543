"""The whole store, once, as a newcomer meets it: every process, every database, the printed lines."""

import gzip
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import requests

from store.devstack import main as local_program
from store.devstack.addresses import read_addresses
from store.devstack.folder import Folder
from store.devstack.ports import free_base
from store.devstack.welcome import BUYER, PASSWORD
from store.proof import main as proof_program
from store.testing.folders import short_folder
from store.testing.programs import UpProcess, run
from store.testing.wait import wait_for


@pytest.fixture
def data() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder


@pytest.fixture
def up(data: Path) -> Iterator[Callable[[], UpProcess]]:
    """Starts the store; the same port base each time."""
    base, started = free_base(), list[UpProcess]()

    def start() -> UpProcess:
        started.append(UpProcess(data, base))
        started[-1].wait_until_ready()
        return started[-1]

    yield start
    for running in started:
        if not running.ended:
            running.end(signal.SIGTERM)


def try_it(lines: Sequence[str]) -> dict[str, object]:
    """Paste the printed lines into bash; the last one's answer."""
    printed = [line for line in lines if line.startswith(("curl ", "TOKEN="))]
    assert len(printed) == 4
    done = subprocess.run(
        ["/bin/bash", "-c", "\n".join(printed)],
        env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == ""
    answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return answer


def audit(data: Path) -> dict[str, object]:
    said = run(proof_program, "audit", "--json", "--grace", "0", "--data", str(data))
    report: dict[str, object] = json.loads(said)
    return report


def import_books(data: Path) -> str:
    """Import a file of two good rows and a bad one; what was said."""
    file = data / "books.csv.gz"
    rows = "Code,Name,Cost\nBOOK-1,Ein Buch,9.90\nBOOK-2,Noch eins,0\nBOOK-3,Ein drittes,12.50\n"
    file.write_bytes(gzip.compress(rows.encode()))
    columns = ["--map", "sku=Code", "--map", "title=Name", "--map", "price=Cost"]
    values = ["--set", "currency=EUR", "--rejects", str(data / "rejects.csv")]
    given = [str(file), *columns, *values, "--data", str(data)]
    return run(local_program, "import", *given, status=1)


def orders_of_the_buyer(data: Path) -> list[str]:
    ports = read_addresses(Folder(data).addresses).ports
    body = {"email": BUYER, "password": PASSWORD}
    token = requests.post(f"{ports.url('users')}/v1/sessions", json=body, timeout=10).json()
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    found = requests.get(f"{ports.url('orders')}/v1/orders", headers=headers, timeout=10).json()
    return [order["id"] for order in found["items"]]


def nothing_is_left(data: Path) -> bool:
    """Every child holds the folder's lock; PostgreSQL has a note of its own while it runs."""
    folder = Folder(data)
    folder.hold()
    folder.release()
    return not (data / "postgres" / "data" / "postmaster.pid").exists()


def test_a_newcomer_starts_it_orders_a_mug_stops_it_and_finds_everything_again(
    up: Callable[[], UpProcess], data: Path
) -> None:
    first = up()
    order = try_it(first.lines)
    assert (order["state"], order["total"]) == ("confirmed", 2980)
    money = {"orders": 1, "sold": 2980, "captured": 2980, "kept": 2980}
    assert audit(data)["money"] == {"EUR": {**money, "given_back": 0, "refunded": 0}}
    assert "3 rows, 2 created, 0 updated, 0 unchanged, 1 rejected" in import_books(data)
    assert (data / "rejects.csv").read_text().splitlines()[1] == "3,3,Cost,Must be above zero."
    wait_for(lambda: any(BUYER in mail.name for mail in (data / "mail").glob("*.eml")), 30)

    assert f"The store in {data} is ready" in run(local_program, "status", "--data", str(data))
    said = run(local_program, "logs", "orders", "postgres", "--data", str(data)).splitlines()
    assert any(line.startswith("orders ") and "POST /v1/orders 201" in line for line in said)
    assert any(line.startswith("postgres ") and "ready to accept" in line for line in said)

    assert "stopped" in run(local_program, "stop", "--data", str(data))
    assert first.wait() == 0
    assert nothing_is_left(data)

    second = up()
    assert orders_of_the_buyer(data) == [order["id"]]

    second.end(signal.SIGKILL)
    wait_for(lambda: nothing_is_left(data), 30)
