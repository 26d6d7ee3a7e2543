"""PostgreSQL itself, with its settings: first on a private socket, then for everybody."""

import os
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT
from threading import Event, Thread
from typing import NoReturn

from store.postgres.access import ONLY_US
from store.postgres.config import PostgresConfig
from store.postgres.errors import CannotServe
from store.postgres.programs import Programs, error_line

SOCKETS = Path("/tmp")  # noqa: S108  # the only other folder that we may write to
READY = "ready to accept connections"

SETTINGS = {
    # The node may have huge pages that this pod may not touch.
    "huge_pages": "off",
    # Workers share memory through /dev/shm, of which a container has 64 MB; and what one query
    # needs is easier to foresee.
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "jit": "off",
    "wal_compression": "on",
    "max_wal_size": "512MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    # What fails is logged without the values that it was about: they may be anybody's secrets.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


@contextmanager
def private_server(config: PostgresConfig, programs: Programs) -> Iterator[Path]:
    """The socket's folder of a PostgreSQL that nobody else can reach; recovers from a crash first."""
    with tempfile.TemporaryDirectory(prefix="postgres-", dir=SOCKETS) as folder:
        rules = Path(folder, "pg_hba.conf")
        rules.write_text(ONLY_US)
        ours = {"listen_addresses": "", "unix_socket_directories": folder, "hba_file": str(rules)}
        process = subprocess.Popen(
            _command(config, programs, ours),
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            cwd="/",
            close_fds=False,  # the lock of the data folder goes along
        )
        try:
            _wait_until_ready(process)
            yield Path(folder)
        finally:
            process.send_signal(SIGINT)
            process.wait()


def exec_postgres(config: PostgresConfig, programs: Programs) -> NoReturn:
    """Turn this process into PostgreSQL, which everybody can reach: it gets the signals itself."""
    public = {"listen_addresses": "*", "unix_socket_directories": str(SOCKETS)}
    command = _command(config, programs, public)
    os.execv(command[0], command)  # noqa: S606  # no shell is wanted


def _command(config: PostgresConfig, programs: Programs, more: dict[str, str]) -> list[str]:
    sized = {
        "shared_buffers": config.shared_buffers,
        "max_connections": str(config.max_connections),
        "port": str(config.port),
    }
    options = [f"--{name}={value}" for name, value in {**SETTINGS, **sized, **more}.items()]
    return [programs.path("postgres"), "-D", str(config.data), *options]


def _wait_until_ready(process: "subprocess.Popen[str]") -> None:
    """Return when it takes connections, however long it recovers; CannotServe if it ends instead."""
    output: deque[str] = deque(maxlen=50)
    decided = Event()

    def relay() -> None:
        for line in process.stderr or ():
            sys.stderr.write(line)
            output.append(line)
            if READY in line:
                decided.set()
        decided.set()

    Thread(target=relay, daemon=True).start()
    decided.wait()
    if not any(READY in line for line in output):
        raise CannotServe(f"PostgreSQL does not start: {error_line(''.join(output))}")
