"""The program `inventory rpc`, as ops run it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
import requests
from grpc_health.v1 import health_pb2, health_pb2_grpc

from store.auth.rpc import service_key
from store.database.config import DatabaseConfig
from store.inventory.models.reservations import RequestedLine
from store.inventory.models.tables import database
from store.inventory.reservations.batcher import serve_alone
from store.inventory.reservations.lifecycle import reserve
from store.inventory.testing.stock import (
    KEY,
    add_variant,
    deliver,
    stock_levels,
    wrong_in_the_books,
)
from store.protos.inventory.v1 import inventory_pb2 as pb
from store.protos.inventory.v1.inventory_pb2_grpc import InventoryStub
from store.server.grpc.channel import open_channel
from store.server.ids import new_id

COMMAND = [sys.executable, "-m", "store.inventory.main"]
TIMEOUT_SECONDS = 30.0
TURNED_AWAY = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


@pytest.fixture
def environ(database_config: DatabaseConfig) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(sys.path),
        "DATABASE_URL": database_config.url,
        "RPC_KEYS": f"an-old-key,{KEY}",
        "BIND": "127.0.0.1",
        "RPC_PORT": free_port(),
        "OPS_PORT": free_port(),
    }


@pytest.fixture
def process(environ: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    running = subprocess.Popen([*COMMAND, "rpc"], env=environ)
    try:
        wait_until(lambda: is_ready(running, environ))
        yield running
    finally:
        running.kill()
        running.wait(TIMEOUT_SECONDS)


def wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not happened():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


def is_ready(process: "subprocess.Popen[bytes]", environ: dict[str, str]) -> bool:
    assert process.poll() is None, "the process has ended"
    try:
        return requests.get(f"http://127.0.0.1:{environ['OPS_PORT']}/ready", timeout=5).ok
    except requests.ConnectionError:
        return False


def test_it_serves_sweeps_and_finishes_what_is_in_hand(
    process: "subprocess.Popen[bytes]", environ: dict[str, str]
) -> None:
    add_variant("MUG")
    deliver("MUG", 50)
    reserve(serve_alone, new_id(), "EUR", [RequestedLine("MUG", 50)], hold_seconds=0)
    metrics = f"http://127.0.0.1:{environ['OPS_PORT']}/metrics"
    expired = "inventory_reservations_expired_total 1.0"
    wait_until(lambda: expired in requests.get(metrics, timeout=5).text)
    page = requests.get(metrics, timeout=5).text
    assert 'worker_steps_total{outcome="busy",worker="reservations"} 1.0' in page
    never = (
        'rpc_request_duration_seconds_count{code="OK",method="store.inventory.v1.Inventory/Quote"}'
    )
    assert f"{never} 0.0" in page
    assert stock_levels()["MUG", "MAIN"] == (50, 0)
    address = f"127.0.0.1:{environ['RPC_PORT']}"
    with grpc.insecure_channel(address) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        answer = health.Check(health_pb2.HealthCheckRequest(service="store.inventory.v1.Inventory"))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
    with open_channel(address, "inventory", interceptors=[service_key(KEY)]) as channel:
        stub = InventoryStub(channel)
        with ThreadPoolExecutor(8) as buyers:
            outcomes = [buyers.submit(buy, stub) for _ in range(40)]
            outcomes[0].result(TIMEOUT_SECONDS)
            process.send_signal(signal.SIGTERM)
            sold = sum(outcome.result(TIMEOUT_SECONDS) for outcome in outcomes)
    assert process.wait(TIMEOUT_SECONDS) == 0
    held = database.row("SELECT count(*) AS held FROM reservations WHERE state = 'held'")
    assert held == {"held": sold}
    assert wrong_in_the_books() == {}


def buy(stub: InventoryStub) -> bool:
    """Whether a mug was reserved; a server that is leaving turns the call away."""
    line = pb.Line(sku="MUG", quantity=1)
    request = pb.ReserveRequest(order_id=str(new_id()), currency="EUR", lines=[line])
    try:
        stub.Reserve(request, timeout=10)
    except grpc.RpcError as error:
        assert error.code() in TURNED_AWAY  # noqa: PT017
        return False
    return True


@pytest.mark.parametrize("missing", ["DATABASE_URL", "RPC_KEYS"])
def test_it_says_in_one_line_what_is_missing(environ: dict[str, str], missing: str) -> None:
    del environ[missing]
    ended = subprocess.run(
        [*COMMAND, "rpc"], env=environ, capture_output=True, text=True, timeout=TIMEOUT_SECONDS
    )
    assert ended.returncode == 2
    assert ended.stderr == f"inventory rpc: bad environment: missing: {missing}\n"
