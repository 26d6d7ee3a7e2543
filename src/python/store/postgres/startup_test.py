import os
from pathlib import Path
from signal import SIGINT

import psycopg2
import pytest

from store.database.binaries import version
from store.postgres.testing import PASSWORDS, Container

EXTENSIONS = ("pg_trgm", "unaccent", "btree_gist")


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


def test_a_volume_that_cannot_be_written_to_is_named(fresh: Container) -> None:
    fresh.start()
    fresh.end()
    (fresh.data / "pg_hba.conf.new").mkdir()
    assert fresh.fails() == (
        f"postgres serve: {fresh.data} cannot be used: "
        f"Is a directory ({fresh.data}/pg_hba.conf.new)"
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
