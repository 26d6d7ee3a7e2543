import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM

import psycopg2
import pytest

from store.database.binaries import version
from store.postgres.testing import PASSWORDS, Container

EXTENSIONS = ("pg_trgm", "unaccent", "btree_gist")
CRASHED = "not properly shut down"


def wait_for(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.002)


def test_an_empty_volume_becomes_a_database_that_its_owner_may_use(server: Container) -> None:
    server.ask("CREATE TABLE things (id int)")
    for extension in EXTENSIONS:
        server.ask(f"CREATE EXTENSION {extension}")
    assert server.ask("SHOW server_encoding") == ["UTF8"]
    assert server.ask("SHOW data_checksums") == ["on"]
    assert server.ask("SHOW server_version") == [version().rpartition(".")[0]]
    assert (server.ask("SHOW shared_buffers"), server.ask("SHOW max_connections")) == (
        ["16MB"],
        ["20"],
    )


def test_the_owner_is_no_superuser_and_cannot_make_one(server: Container) -> None:
    assert server.ask("SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == [False]
    for deed in ("ALTER ROLE orders SUPERUSER", "CREATE ROLE another", "CREATE DATABASE another"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            server.ask(deed)
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        server.ask("COPY (SELECT 1) TO PROGRAM 'true'")


def test_audit_reads_everything_and_writes_nothing(server: Container) -> None:
    server.ask("CREATE SCHEMA hidden CREATE TABLE hidden.sums (sum int)")
    server.ask("INSERT INTO hidden.sums VALUES (7)")
    assert server.ask("SELECT sum FROM hidden.sums", "audit") == [7]
    for deed in (
        "INSERT INTO hidden.sums VALUES (8)",
        "CREATE TABLE mine ()",
        "CREATE TEMP TABLE mine ()",
    ):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            server.ask(f"SET TRANSACTION READ WRITE; {deed}", "audit")


def test_nobody_else_may_enter(server: Container) -> None:
    server.ask("CREATE ROLE stranger LOGIN PASSWORD 'of the stranger'", "postgres", "postgres")
    for role, database in [
        ("stranger", "orders"),
        ("orders", "postgres"),
        ("orders", "template1"),
        ("audit", "postgres"),
    ]:
        with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
            server.connect(role, database, "of the stranger" if role == "stranger" else "")


def test_a_password_is_needed_everywhere_and_none_is_known_as_it_is(server: Container) -> None:
    for role in ("orders", "audit", "postgres"):
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            server.connect(role, password="guessed")
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            psycopg2.connect(server.socket_url(role, "guessed"))
    rules = server.ask("SELECT DISTINCT auth_method FROM pg_hba_file_rules", "postgres")
    assert sorted(rules) == ["reject", "scram-sha-256"]
    kept = server.ask("SELECT rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL", "postgres")
    assert all(password.startswith("SCRAM-SHA-256$4096:") for password in kept)


def test_neither_log_nor_command_line_has_a_password(server: Container) -> None:
    with pytest.raises(psycopg2.errors.SyntaxError):
        server.ask("ALTER ROLE orders PASSWORD 'of the hand' nonsense", "postgres")
    server.ask("CREATE TABLE c (x text CHECK (x <> 'of a customer'))")
    with pytest.raises(psycopg2.errors.CheckViolation):
        server.ask("INSERT INTO c VALUES ('of a customer')")
    command = Path(f"/proc/{server.pid}/cmdline").read_text()
    for secret in (*PASSWORDS.values(), "of the hand", "of a customer"):
        assert secret not in server.log
        assert secret not in command


def test_it_is_postgres_itself_that_gets_the_signals(server: Container) -> None:
    assert os.readlink(f"/proc/{server.pid}/exe").endswith("/bin/postgres")
    assert server.pid == int((server.data / "postmaster.pid").read_text().split()[0])


def test_data_stay_and_changed_passwords_hold_after_a_restart(fresh: Container) -> None:
    fresh.start()
    fresh.ask("CREATE TABLE notes AS SELECT 'kept' AS note")
    assert fresh.end(SIGINT) == 0
    fresh.environ["OWNER_PASSWORD"] = "another one"
    fresh.environ["AUDIT_PASSWORD"] = 'it\'s \\ "odd" ünïcode :x'
    fresh.start()
    assert fresh.ask("SELECT note FROM notes") == ["kept"]
    assert fresh.ask("SELECT note FROM notes", "audit") == ["kept"]
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        fresh.connect(password=PASSWORDS["OWNER_PASSWORD"])


def test_what_was_changed_by_hand_is_brought_in_line(fresh: Container) -> None:
    fresh.start()
    fresh.ask("ALTER ROLE orders SUPERUSER", "postgres")
    fresh.ask("GRANT CONNECT ON DATABASE orders TO PUBLIC", "postgres")
    fresh.ask("ALTER DATABASE orders OWNER TO postgres", "postgres")
    fresh.end()
    (fresh.data / "pg_hba.conf").write_text("host all all all trust\n")
    fresh.data.chmod(0o2770)  # as Kubernetes does for the pod's group
    fresh.start()
    assert fresh.data.stat().st_mode & 0o7777 == 0o700
    assert fresh.ask("SELECT rolsuper FROM pg_roles WHERE rolname = 'orders'") == [False]
    assert fresh.ask("SELECT datdba::regrole::text FROM pg_database WHERE datname = 'orders'") == [
        "orders"
    ]
    assert fresh.ask("SELECT has_database_privilege('public', 'orders', 'CONNECT')") == [False]
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        fresh.connect(password="guessed")


def test_a_volume_belongs_to_one_database(fresh: Container) -> None:
    fresh.start()
    fresh.end()
    fresh.environ["DATABASE"] = "users"
    assert fresh.fails() == (
        "postgres serve: The roles cannot be brought in line: "
        "this volume holds the database orders, not users"
    )


def test_another_major_version_is_refused_in_one_line(fresh: Container) -> None:
    fresh.start()
    fresh.end()
    (fresh.data / "PG_VERSION").write_text("17\n")
    assert fresh.fails() == (
        f"postgres serve: {fresh.data} was made by PostgreSQL 17, but this is 18: "
        "dump it with the old version and restore the dump into an empty volume."
    )


def test_what_is_no_data_folder_is_left_alone(fresh: Container) -> None:
    fresh.data.mkdir()
    (fresh.data / "precious").write_text("mine")
    assert fresh.fails().endswith("is not empty, and no data folder of PostgreSQL either.")
    assert (fresh.data / "precious").read_text() == "mine"


def test_a_volume_that_is_not_there_is_named(fresh: Container) -> None:
    fresh.environ["PGDATA"] = "/nonexistent/postgres"
    assert fresh.fails() == (
        "postgres serve: /nonexistent/postgres cannot be used: "
        "No such file or directory (/nonexistent/postgres.lock)"
    )


def test_a_wrong_environment_is_one_line_without_its_values(fresh: Container) -> None:
    wrong = {"DATABASE": "or'ders", "OWNER_PASSWORD": "", "AUDIT_PASSWORD": "geheim\x07"}
    wrong |= {"SHARED_BUFFERS": "much", "MAX_CONNECTIONS": "3", "PGDATA": "here"}
    fresh.environ |= wrong
    line = fresh.fails()
    assert fresh.log.strip() == line
    assert line.startswith(
        "postgres serve: bad environment: missing: OWNER_PASSWORD; DATABASE must"
    )
    assert "geheim" not in line
    for name in ("AUDIT_PASSWORD", "SHARED_BUFFERS", "MAX_CONNECTIONS", "PGDATA"):
        assert f"{name} must be" in line


def test_settings_that_postgres_refuses_are_its_last_line(fresh: Container) -> None:
    fresh.environ["SHARED_BUFFERS"] = "900000GB"
    assert fresh.fails().startswith("postgres serve: PostgreSQL does not start: ")


@pytest.mark.parametrize("seconds", [0.05, 0.3, 0.6, 0.9, 1.3])
def test_a_kill_at_any_moment_of_the_first_start_is_survived(
    fresh: Container, seconds: float
) -> None:
    fresh.begin()
    time.sleep(seconds)
    os.killpg(fresh.pid, SIGKILL)  # as when the container is killed
    fresh.stop()
    fresh.start()
    fresh.ask("CREATE TABLE things ()")


def test_a_kill_between_making_the_folder_and_naming_it_is_survived(fresh: Container) -> None:
    unfinished = fresh.data.with_name("postgres.new")
    fresh.begin()
    wait_for(lambda: (unfinished / "PG_VERSION").exists())
    os.killpg(fresh.pid, SIGKILL)
    fresh.stop()
    assert not fresh.data.exists()
    fresh.start()
    assert not unfinished.exists()
    fresh.ask("CREATE TABLE things ()")


def test_a_crash_loses_nothing_and_whoever_is_still_at_work_is_waited_for(
    fresh: Container,
) -> None:
    fresh.start()
    fresh.ask("CREATE TABLE notes AS SELECT 'kept' AS note")
    with ThreadPoolExecutor(1) as beside:
        count = "SELECT count(*) FROM generate_series(1, 8000000)"
        busy = beside.submit(fresh.ask, count)
        at_work = "SELECT count(*) FROM pg_stat_activity WHERE query = " + repr(count)
        wait_for(lambda: fresh.ask(at_work, "postgres") == [1])
        assert fresh.end(SIGKILL) == -SIGKILL  # the first process alone
        assert not busy.done()
        fresh.start()
        assert busy.done()
    assert CRASHED in fresh.log
    assert fresh.ask("SELECT note FROM notes") == ["kept"]


def test_a_note_of_a_process_that_lives_again_under_its_number_is_no_hindrance(
    fresh: Container,
) -> None:
    fresh.start()
    fresh.end(SIGKILL)
    note = fresh.data / "postmaster.pid"
    lines = note.read_text().splitlines()
    note.write_text("\n".join([str(os.getpid()), *lines[1:]]))
    fresh.start()
    assert fresh.ask("SELECT 1") == [1]


def test_two_on_one_volume_do_not_meet(fresh: Container, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh.start()
    second = Container(fresh.volume)
    second.begin()
    try:
        wait_for(lambda: "Waiting" in second.log)
        assert fresh.ask("SELECT 1") == [1]
        fresh.end()
        wait_for(second.takes_connections)
    finally:
        second.stop()


@pytest.mark.parametrize("number", [SIGINT, SIGTERM])
def test_it_ends_when_told_to_while_it_is_still_preparing(fresh: Container, number: int) -> None:
    fresh.begin()
    wait_for(lambda: fresh.data.with_name("postgres.new").exists())
    assert fresh.end(number) in (130, 128 + SIGTERM)
    fresh.start()
