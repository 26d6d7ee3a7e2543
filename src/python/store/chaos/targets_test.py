"""Each method on stand-ins and on a PostgreSQL; on the real store: own_store_test.py."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest

from store.chaos.targets import PostgresProcess, ServiceProcess
from store.chaos.testing.processes import family, is_gone
from store.database.postgres import Server
from store.devstack.output import LogFiles
from store.devstack.runner import Program, Runner, python_environ
from store.server.grpc.testing import free_port, wait_until

# A parent and a worker that hold a port together, as gunicorn's do; SIGTERM ends them.
PAIR = """
import os, signal, socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
worker = os.fork()
def leave(*_):
    os.kill(worker, 9)
    os.wait()
    print("ended in order", flush=True)
    sys.exit(0)
if worker:
    signal.signal(signal.SIGTERM, leave)
    print("both are there", flush=True)
while True:
    signal.pause()
"""
OWNER = """
import os, signal, sys
from pathlib import Path
from store.database.postgres import Server
from store.devstack.output import LogFiles
from store.devstack.runner import Program, Runner, python_environ
from store.chaos.targets import PostgresProcess, ServiceProcess
home, code, port = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
logs = LogFiles(home / "logs")
server = Server(home / "postgres", durable=True)
server.start()
runner = Runner(logs, os.dup(1))
program = Program("pair", [sys.executable, "-c", code, port], python_environ(Path.cwd()))
runner.start(program)
for target in (PostgresProcess(server, logs), ServiceProcess(program, runner, 1)):
    target.stall()
    print(target.pid, flush=True)
signal.pause()
"""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder with a short path, open to the user PostgreSQL runs as."""
    folder = Path(tempfile.mkdtemp(prefix="targets-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def logs(tmp_path: Path) -> LogFiles:
    return LogFiles(tmp_path)


@pytest.fixture
def pair(logs: LogFiles) -> Iterator[ServiceProcess]:
    reading, writing = os.pipe()
    runner = Runner(logs, writing)
    program = Program(
        "pair", [sys.executable, "-c", PAIR, str(free_port())], python_environ(Path.cwd())
    )
    runner.start(program)
    service = ServiceProcess(program, runner, 1)
    wait_until(lambda: log_of(logs, "pair").count("both are there") == 1)
    yield service
    service.resume()
    runner.stop()
    os.close(reading)
    os.close(writing)


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """One for all tests, since making its data folder takes longest."""
    server = Server(folder / "shared", durable=True)
    server.start()
    server.execute("CREATE TABLE notes AS SELECT 'kept' AS text")
    yield server
    server.stop()


@pytest.fixture
def postgres(server: Server, logs: LogFiles) -> Iterator[PostgresProcess]:
    target = PostgresProcess(server, logs)
    yield target
    target.resume()
    target.start()


@pytest.fixture
def client(server: Server) -> Iterator[Callable[[], None]]:
    """Asks the server something, over a connection of its own; OperationalError if that is lost."""
    connection = psycopg2.connect(server.url("postgres"))

    def ask() -> None:
        connection.cursor().execute("SELECT 1")

    ask()
    yield ask
    connection.close()


def log_of(logs: LogFiles, name: str) -> str:
    file = logs.file(name)
    return file.read_text() if file.exists() else ""


def test_a_killed_service_has_gone_at_once_and_can_be_started_again(
    pair: ServiceProcess, logs: LogFiles
) -> None:
    members = family(pair.pid)
    assert len(members) == 2
    pair.kill()
    assert not pair.alive
    assert all(map(is_gone, members))
    assert pair.why_not_ready() == "it has ended (exit status -9)"
    pair.start()  # its port is free
    wait_until(lambda: log_of(logs, "pair").count("both are there") == 2)


def test_a_child_of_a_service_can_be_killed_alone(pair: ServiceProcess) -> None:
    [worker] = family(pair.pid) - {pair.pid}
    assert pair.kill_child()
    assert is_gone(worker)
    assert pair.alive


def test_a_service_ends_in_order_even_while_it_is_stalled(
    pair: ServiceProcess, logs: LogFiles
) -> None:
    pair.stall()
    assert pair.alive
    assert not pair.is_ready()
    pair.end()
    assert not pair.alive
    assert log_of(logs, "pair").endswith("ended in order\n")


def test_a_stalled_service_can_be_killed(pair: ServiceProcess) -> None:
    members = family(pair.pid)
    pair.stall()
    pair.stall()
    pair.kill()
    assert not pair.stalled
    assert all(map(is_gone, members))


def test_where_there_is_nothing_to_do_nothing_is_done(pair: ServiceProcess) -> None:
    pid = pair.pid
    pair.start()
    pair.resume()
    assert pair.pid == pid
    pair.kill()
    for method in (pair.kill, pair.stall, pair.resume, pair.end):
        method()
    assert not pair.kill_child()
    assert not pair.alive


def test_postgres_is_killed_with_all_its_processes_and_comes_back_with_its_data(
    postgres: PostgresProcess, server: Server, client: Callable[[], None], logs: LogFiles
) -> None:
    members = family(postgres.pid)
    assert len(members) > 5
    postgres.kill()
    assert not postgres.alive
    assert not postgres.is_ready()
    assert all(map(is_gone, members))
    with pytest.raises(psycopg2.OperationalError):
        client()
    postgres.start()
    assert postgres.is_ready()
    assert server.execute("SELECT text FROM notes") == [("kept",)]
    assert server.execute("SHOW fsync") == [("on",)]
    postgres.keep_log()
    assert log_of(logs, "postgres").count("starting PostgreSQL") == 2


def test_a_stalled_postgres_answers_nobody_until_it_goes_on(postgres: PostgresProcess) -> None:
    postgres.stall()
    assert postgres.alive
    assert not postgres.is_ready()
    postgres.resume()
    assert postgres.is_ready()


def test_after_a_backend_was_killed_postgres_throws_everybody_out_and_recovers(
    postgres: PostgresProcess, client: Callable[[], None], logs: LogFiles
) -> None:
    pid = postgres.pid
    assert postgres.kill_child()
    wait_until(postgres.is_ready)
    with pytest.raises(psycopg2.OperationalError):
        client()
    assert postgres.pid == pid
    postgres.keep_log()
    assert "automatic recovery in progress" in log_of(logs, "postgres")


def test_a_postgres_that_serves_nobody_has_no_child_to_kill(postgres: PostgresProcess) -> None:
    assert not postgres.kill_child()


def test_nothing_survives_us_not_even_what_is_stalled(folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder), PAIR, str(free_port())],
        env=python_environ(Path.cwd()),
        stdout=subprocess.PIPE,
    ) as owner:
        assert owner.stdout is not None
        members = [pid for _ in range(2) for pid in family(int(owner.stdout.readline()))]
        assert len(members) > 7
        owner.send_signal(signal.SIGKILL)
    wait_until(lambda: all(map(is_gone, members)))
