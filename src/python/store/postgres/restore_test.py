import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from store.database.binaries import binaries
from store.database.dump_note import READ
from store.postgres.client import connected
from store.postgres.config import BackupConfig
from store.postgres.dumps import Dump, Dumps
from store.postgres.errors import CannotRestore
from store.postgres.programs import installed
from store.postgres.replacement import replace
from store.postgres.testing import Container, run_command
from store.server.grpc.testing import closed_at_first, free_port

FULL = """
CREATE EXTENSION pg_trgm;
COMMENT ON EXTENSION pg_trgm IS 'a comment of our own';
CREATE TYPE colour AS ENUM ('red', 'green');
CREATE TABLE things (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, colour colour, name text CHECK (name <> ''),
    doubled int GENERATED ALWAYS AS (id * 2) STORED
);
CREATE INDEX things_by_name ON things USING gin (name gin_trgm_ops);
INSERT INTO things (colour, name) VALUES ('red', E'with a \\t tab'), ('green', '\\\\.'), ('red', 'ö');
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''never''; END';
CREATE TRIGGER kept_for_good BEFORE DELETE OR TRUNCATE ON things EXECUTE FUNCTION refuse();
CREATE VIEW red AS SELECT * FROM things WHERE colour = 'red';
CREATE SCHEMA aside CREATE TABLE aside.more (thing int REFERENCES things);
CREATE TABLE schema_migration (name text);
INSERT INTO schema_migration VALUES ('0001_first'), ('0002_second');
"""
EMPTY = """
DROP SCHEMA IF EXISTS aside CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public;
ALTER SCHEMA public OWNER TO pg_database_owner; GRANT USAGE ON SCHEMA public TO PUBLIC;
COMMENT ON SCHEMA public IS 'standard public schema';
"""
LATER = "CREATE TABLE later (); ALTER TABLE things ADD COLUMN more int; CREATE SCHEMA latest"


class Operator:
    """Makes dumps of a database, and restores them."""

    def __init__(self, server: Container, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.environ = {"DATABASE_URL": server.url(), "BACKUPS": str(folder)}

    def back_up(self) -> Dump:
        done = run_command(self.environ, "backup")
        assert done.returncode == 0, done.stderr
        return Dumps(self.folder).all()[0]

    def restore(self, name: str = "latest") -> str:
        done = run_command(self.environ, "restore", name)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refusal(self, *command: str) -> str:
        """The one line that is said instead."""
        done = run_command(self.environ, "restore", *command)
        assert (done.returncode, done.stdout) == (1, "")
        return done.stderr.splitlines()[-1]

    def contents(self) -> str:
        """Everything in the database, as text."""
        return subprocess.run(
            [binaries() / "pg_dump", "--dbname", self.server.url(), "--restrict-key=x"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout


@pytest.fixture
def operator(server: Container, tmp_path: Path) -> Iterator[Operator]:
    server.ask(EMPTY + FULL)
    yield Operator(server, tmp_path)
    server.ask("DROP SCHEMA IF EXISTS latest CASCADE")


def test_everything_is_as_it_was_and_nothing_else_is_there(operator: Operator) -> None:
    operator.back_up()
    before = operator.contents()
    operator.server.ask(LATER)
    assert operator.contents() != before
    operator.restore()
    assert operator.contents() == before
    again = operator.back_up()
    operator.restore(again.name)
    assert operator.contents() == before


def test_it_says_what_is_there_now_and_what_to_do_next(operator: Operator) -> None:
    dump = operator.back_up()
    first, second = operator.restore().splitlines()
    at = f"{dump.moment:%Y-%m-%d %H:%M:%S} UTC"
    assert re.sub(r"\d+\.\d s", "N s", first) == (
        f"orders is as it was at {at} ({dump.name}, restored in N s); "
        "its newest migration is 0002_second."
    )
    assert "`migrate`" in second
    assert "`proof audit`" in second


def test_a_database_without_migrations_comes_back_as_well(operator: Operator) -> None:
    operator.server.ask("DROP TABLE schema_migration")
    operator.back_up()
    assert "its newest migration is none." in operator.restore()


def test_the_roles_find_everything_as_before(operator: Operator) -> None:
    operator.back_up()
    operator.server.ask(EMPTY)
    operator.restore()
    assert operator.server.ask("SELECT count(*) FROM red", "audit") == [2]
    owners = "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname IN ('public', 'aside')"
    assert sorted(operator.server.ask(owners)) == ["orders", "pg_database_owner"]
    operator.server.ask("INSERT INTO things (name) VALUES ('the identity goes on')")
    assert operator.server.ask("SELECT max(id) FROM things") == [4]


def test_a_network_that_is_not_open_yet_is_waited_for(operator: Operator) -> None:
    operator.back_up()
    with closed_at_first(int(operator.server.environ["PGPORT"]), 5) as port:
        changes = {"DATABASE_URL": operator.server.url(port=port), "DATABASE_WAIT_SECONDS": "60"}
        done = run_command({**operator.environ, **changes}, "restore", "latest")
    assert done.returncode == 0, done.stderr
    assert "waiting for the database, 0 of 60 s" in done.stderr


def test_the_list_of_dumps_needs_no_database_and_restores_nothing(operator: Operator) -> None:
    dump = operator.back_up()
    before = operator.contents()
    closed = f"postgresql://orders:x@127.0.0.1:{free_port()}/orders"
    done = run_command({**operator.environ, "DATABASE_URL": closed}, "restore", "list")
    assert (done.returncode, done.stdout) == (0, f"{dump}\n")
    assert operator.contents() == before


def test_a_restore_leaves_the_note_of_the_newest_dump_and_writes_it_where_it_is_not(
    operator: Operator,
) -> None:
    older, newer = operator.back_up(), operator.back_up()
    noted = [newer.moment.timestamp()]
    operator.restore(older.name)
    assert operator.server.ask(READ) == noted
    operator.server.ask("COMMENT ON DATABASE orders IS NULL")
    operator.restore(older.name)
    assert operator.server.ask(READ) == noted


def test_an_empty_folder_is_listed_in_words(operator: Operator) -> None:
    done = run_command(operator.environ, "restore", "list")
    assert (done.returncode, done.stdout) == (0, "There are no dumps.\n")


def test_whoever_is_connected_is_named_and_left_in_peace(operator: Operator) -> None:
    operator.back_up()
    before = operator.contents()
    with psycopg2.connect(operator.server.url(), application_name="orders-7f9") as service:
        psycopg2.connect(operator.server.url("audit"), application_name="").close()
        assert operator.refusal("latest") == (
            "postgres restore: Others are connected to orders, stop them first: "
            "orders-7f9 (role orders). Nothing is changed."
        )
        service.cursor().execute("SELECT 1")
    service.close()
    assert operator.contents() == before


def test_whoever_connects_meanwhile_makes_it_undone(operator: Operator) -> None:
    dump = operator.back_up()
    before = operator.contents()
    address = BackupConfig.from_environ(operator.environ).address
    service = psycopg2.connect(operator.server.url("audit"), application_name="the auditor")
    with (
        connected(address, installed(), "a restore") as client,
        pytest.raises(CannotRestore, match=r"connected meanwhile: the auditor \(role audit\)"),
    ):
        replace(client, dump.file, installed())
    service.close()
    assert operator.contents() == before


def test_what_is_not_there_is_refused_with_what_is(operator: Operator) -> None:
    assert operator.refusal("latest").endswith("no dump latest of orders. There are: none.")
    dump = operator.back_up()
    assert operator.refusal("orders-1.dump").endswith(
        f"There is no dump orders-1.dump of orders. There are: {dump.name}."
    )


def test_a_dump_of_another_database_is_refused(operator: Operator) -> None:
    dump = operator.back_up()
    operator.server.ask("CREATE DATABASE users OWNER orders", "postgres", "postgres")
    operator.environ["DATABASE_URL"] = operator.server.url(database="users")
    try:
        disguised = dump.file.with_name(dump.name.replace("orders", "users"))
        disguised.write_bytes(dump.file.read_bytes())
        for name in (dump.name, disguised.name):
            assert operator.refusal(name) == (
                f"postgres restore: {name} is no dump of users; DATABASE_URL names users."
            )
    finally:
        operator.server.ask("DROP DATABASE users", "postgres", "postgres")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.95])
def test_of_a_damaged_dump_nothing_is_restored(operator: Operator, share: float) -> None:
    dump = operator.back_up()
    whole = dump.file.read_bytes()
    dump.file.write_bytes(whole[: int(len(whole) * share)])
    before = operator.contents()
    assert "cannot be read: " in operator.refusal("latest")
    assert operator.contents() == before


def test_what_the_database_refuses_is_undone(operator: Operator) -> None:
    dump = operator.back_up()
    operator.server.ask(LATER)
    before = operator.contents()
    operator.server.ask("REVOKE CREATE ON DATABASE orders FROM orders", "postgres")
    try:
        said = operator.refusal(dump.name)
    finally:
        operator.server.ask("GRANT CREATE ON DATABASE orders TO orders", "postgres")
    assert said == (
        "postgres restore: The dump is not restored: permission denied for database orders. "
        "Nothing is changed."
    )
    assert operator.contents() == before


def test_a_name_is_wanted(operator: Operator) -> None:
    done = run_command(operator.environ, "restore")
    assert (done.returncode, done.stderr) == (2, "usage: postgres restore {NAME|latest|list}\n")
