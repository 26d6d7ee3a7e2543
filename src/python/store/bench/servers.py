"""The processes that are measured: started together, all ended with the block."""

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import requests

from store.bench import subject
from store.bench.cpu import family, on_the_first, seconds_used
from store.bench.errors import CannotMeasure
from store.bench.variants import Variant, tracing
from store.database.child_process import ChildProcess
from store.devstack.ports import HOST
from store.devstack.runner import python_environ

READY_SECONDS = 30.0
LEAVE_SECONDS = 10.0
POLL_INTERVAL_SECONDS = 0.05


@dataclass(frozen=True)
class MeasuredServer:
    """A variant that answers."""

    variant: Variant
    port: int
    ops_url: str
    pids: set[int]

    def cpu_seconds(self) -> float:
        return seconds_used(self.pids)


@contextlib.contextmanager
def servers(
    variants: Sequence[Variant], folder: Path, collector: str
) -> Iterator[list[MeasuredServer]]:
    """Every variant in a process of its own, ready, on the first processor; logs are in `folder`."""
    ports = _free_ports(2 * len(variants))
    with ExitStack() as started:
        with on_the_first():
            kept = [
                (
                    variant,
                    port,
                    ops,
                    started.enter_context(_running(variant, port, ops, folder, collector)),
                )
                for variant, port, ops in zip(variants, ports[::2], ports[1::2], strict=True)
            ]
        yield [_ready(variant, port, ops, process) for variant, port, ops, process in kept]


@contextlib.contextmanager
def _running(
    variant: Variant, port: int, ops: int, folder: Path, collector: str
) -> Iterator[ChildProcess]:
    environ = {
        **python_environ(Path.cwd()),
        "BIND": HOST,
        "PORT": str(port),
        "OPS_PORT": str(ops),
        "LOG_FORMAT": "json",
        **variant.environ,
        **tracing(variant, collector),
    }
    with (folder / f"{port}.log").open("wb") as log:
        command = [sys.executable, "-m", subject.__name__, variant.app]
        process = ChildProcess(command, signal="TERM", log=log, who={"env": environ})
    try:
        yield process
    finally:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.end(LEAVE_SECONDS)


def _ready(variant: Variant, port: int, ops: int, process: ChildProcess) -> MeasuredServer:
    url = f"http://{HOST}:{ops}"
    give_up = time.monotonic() + READY_SECONDS
    while not _answers(f"{url}/ready"):
        if not process.running or time.monotonic() > give_up:
            raise CannotMeasure(f"The server of the variant {variant.name!r} does not start.")
        time.sleep(POLL_INTERVAL_SECONDS)
    return MeasuredServer(variant, port, url, family(process.pid))


def _answers(url: str) -> bool:
    with contextlib.suppress(requests.ConnectionError):
        return requests.get(url, timeout=5).status_code == 200
    return False


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        taken = [held.enter_context(socket.create_server((HOST, 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in taken]
