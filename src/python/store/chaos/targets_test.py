"""Each deed on stand-ins and on a PostgreSQL; on the real store: own_store_test.py."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest

from store.chaos.targets import Postgres, Service
from store.database.postgres import Server
from store.devstack.output import LogFiles
from store.devstack.process_tree import children_of
from store.devstack.runner import Program, Runner, python_environ
from store.server.grpc.testing import free_port

# A parent and a worker that hold a port together, as gunicorn's do; SIGTERM ends them.
PAIR = """
import os, signal, socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
worker = os.fork()
def leave(*_):
    os.kill(worker, 9)
    os.wait()
    print("left as told", flush=True)
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
from store.chaos.targets import Postgres, Service
home, code, port = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
logs = LogFiles(home / "logs")
server = Server(home / "postgres", durable=True)
server.start()
runner = Runner(logs, os.dup(1))
program = Program("pair", [sys.executable, "-c", code, port], python_environ(Path.cwd()))
runner.start(program)
for victim in (Postgres(server, logs), Service(program, runner, 1)):
    victim.stall()
    print(victim.pid, flush=True)
signal.pause()
"""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder with a short path, open to the user PostgreSQL runs as."""
    folder = Path(tempfile.mkdtemp(prefix="victims-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def logs(tmp_path: Path) -> LogFiles:
    return LogFiles(tmp_path)


@pytest.fixture
def pair(logs: LogFiles) -> Iterator[Service]:
    reading, writing = os.pipe()
    runner = Runner(logs, writing)
    program = Program(
        "pair", [sys.executable, "-c", PAIR, str(free_port())], python_environ(Path.cwd())
    )
    runner.start(program)
    service = Service(program, runner, 1)
    wait_for(lambda: said(logs, "pair").count("both are there") == 1)
    yield service
    service.go_on()
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
def postgres(server: Server, logs: LogFiles) -> Iterator[Postgres]:
    victim = Postgres(server, logs)
    yield victim
    victim.go_on()
    victim.start()


@pytest.fixture
def client(server: Server) -> Iterator[Callable[[], None]]:
    """Asks the server something, over a connection of its own; OperationalError if that is lost."""
    connection = psycopg2.connect(server.url("postgres"))

    def ask() -> None:
        connection.cursor().execute("SELECT 1")

    ask()
    yield ask
    connection.close()


def said(logs: LogFiles, name: str) -> str:
    file = logs.file(name)
    return file.read_text() if file.exists() else ""


def family(pid: int | None) -> set[int]:
    """A process and all that lies below it."""
    assert pid is not None
    found, level = {pid}, {pid}
    while level := set(children_of(level)):
        found |= level
    return found


def is_gone(pid: int) -> bool:
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True


def wait_for(condition: Callable[[], object]) -> None:
    give_up = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < give_up, "waited in vain"
        time.sleep(0.01)


def test_a_killed_service_has_gone_at_once_and_can_be_started_again(
    pair: Service, logs: LogFiles
) -> None:
    members = family(pair.pid)
    assert len(members) == 2
    pair.kill()
    assert not pair.alive
    assert all(map(is_gone, members))
    assert pair.why_not_ready() == "it has ended (exit status -9)"
    pair.start()  # its port is free
    wait_for(lambda: said(logs, "pair").count("both are there") == 2)


def test_a_part_of_a_service_can_be_killed_alone(pair: Service) -> None:
    [worker] = family(pair.pid) - {pair.pid}
    assert pair.kill_a_part()
    assert is_gone(worker)
    assert pair.alive


def test_a_service_ends_in_order_even_while_it_is_stalled(pair: Service, logs: LogFiles) -> None:
    pair.stall()
    assert pair.alive
    assert not pair.is_ready()
    pair.end()
    assert not pair.alive
    assert said(logs, "pair").endswith("left as told\n")


def test_a_stalled_service_can_be_killed(pair: Service) -> None:
    members = family(pair.pid)
    pair.stall()
    pair.stall()
    pair.kill()
    assert not pair.stalled
    assert all(map(is_gone, members))


def test_where_there_is_nothing_to_do_nothing_is_done(pair: Service) -> None:
    pid = pair.pid
    pair.start()
    pair.go_on()
    assert pair.pid == pid
    pair.kill()
    for deed in (pair.kill, pair.stall, pair.go_on, pair.end):
        deed()
    assert not pair.kill_a_part()
    assert not pair.alive


def test_postgres_is_killed_with_all_its_processes_and_comes_back_with_its_data(
    postgres: Postgres, server: Server, client: Callable[[], None], logs: LogFiles
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
    assert said(logs, "postgres").count("starting PostgreSQL") == 2


def test_a_stalled_postgres_answers_nobody_until_it_goes_on(postgres: Postgres) -> None:
    postgres.stall()
    assert postgres.alive
    assert not postgres.is_ready()
    postgres.go_on()
    assert postgres.is_ready()


def test_after_a_backend_was_killed_postgres_throws_everybody_out_and_recovers(
    postgres: Postgres, client: Callable[[], None], logs: LogFiles
) -> None:
    pid = postgres.pid
    assert postgres.kill_a_part()
    wait_for(postgres.is_ready)
    with pytest.raises(psycopg2.OperationalError):
        client()
    assert postgres.pid == pid
    postgres.keep_log()
    assert "automatic recovery in progress" in said(logs, "postgres")


def test_a_postgres_that_serves_nobody_has_no_part_to_kill(postgres: Postgres) -> None:
    assert not postgres.kill_a_part()


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
    wait_for(lambda: all(map(is_gone, members)))
