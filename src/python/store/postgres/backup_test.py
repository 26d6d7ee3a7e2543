import fcntl
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.database.dump_note import READ
from store.postgres.dumps import Dumps
from store.postgres.testing import SOURCE, Container, run_command
from store.server.grpc.testing import closed_at_first, free_port

NAME = re.compile(r"orders-\d{8}T\d{6}Z\.dump")
OLD = [f"orders-2026010{day}T000000Z.dump" for day in range(1, 4)]


class Backups:
    """A folder of dumps of a server's database."""

    def __init__(self, server: Container, folder: Path) -> None:
        self.folder = folder
        self.environ = {"DATABASE_URL": server.url(), "BACKUPS": str(folder)}

    def make(self, **environ: str) -> "subprocess.CompletedProcess[str]":
        return run_command({**self.environ, **environ}, "backup")

    def failure(self, **environ: str) -> str:
        """What is said when no dump can be made."""
        done = self.make(**environ)
        assert (done.returncode, done.stdout) == (1, "")
        return done.stderr.strip()

    def names(self) -> list[str]:
        """Whatever is there and not hidden."""
        return sorted(file.name for file in self.folder.iterdir() if file.name[0] != ".")


@pytest.fixture
def backups(server: Container, tmp_path: Path) -> Backups:
    return Backups(server, tmp_path)


@pytest.fixture
def wide(server: Container) -> Iterator[None]:
    """So much in the database that a dump of it takes a while."""
    server.ask(
        "CREATE TABLE wide AS SELECT repeat(md5(n::text), 20) FROM generate_series(1, 60000) n"
    )
    yield
    server.ask("DROP TABLE wide")


def test_a_dump_is_kept_and_told_of_in_a_line(backups: Backups) -> None:
    done = backups.make()
    (name,) = backups.names()
    assert NAME.fullmatch(name)
    assert re.fullmatch(
        rf"{name}: \d+ kB in \d+\.\d s; 1 of orders kept, 0 older removed\.\n", done.stdout
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (backups.folder / name).stat().st_mode & 0o777 == 0o600, "customers' data are in it"


def test_the_database_notes_when_its_newest_good_dump_was_made(
    server: Container, backups: Backups
) -> None:
    backups.make()
    [newest] = backups.names()
    assert server.ask(READ) == [Dumps(backups.folder).all()[0].moment.timestamp()]
    backups.failure(DATABASE_URL=server.url(password="geheim"))
    backups.failure(BACKUPS="/nonexistent")
    assert server.ask(READ) == [Dumps(backups.folder).all()[0].moment.timestamp()]
    assert backups.names() == [newest]


def test_what_else_is_in_the_comment_of_the_database_stays(
    server: Container, backups: Backups
) -> None:
    comment = (
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'orders'"
    )
    server.ask("COMMENT ON DATABASE orders IS E'ours: don''t touch\n\nask Ann'")
    for _ in range(2):
        backups.make()
    [said] = server.ask(comment)
    assert re.fullmatch(r"ours: don't touch\n\nask Ann\nnewest dump: \d{4}-[-:T\d]+\+00:00", said)
    server.ask("COMMENT ON DATABASE orders IS 'newest dump: never'")
    assert server.ask(READ) == [None]


def test_a_role_that_may_not_note_it_keeps_its_dump(server: Container, backups: Backups) -> None:
    server.ask("ALTER DATABASE orders OWNER TO postgres", "postgres")
    server.ask("GRANT CONNECT ON DATABASE orders TO orders", "postgres")
    server.ask("COMMENT ON DATABASE orders IS NULL", "postgres")
    try:
        done = backups.make()
    finally:
        server.ask("ALTER DATABASE orders OWNER TO orders", "postgres")
    [name] = backups.names()
    assert (done.returncode, server.ask(READ)) == (0, [None])
    assert done.stderr.startswith(f"{name} is kept, but cannot be noted: The database refuses it: ")


def test_the_newest_are_kept_and_another_database_s_stay(backups: Backups) -> None:
    for name in [*OLD, "users-20260101T000000Z.dump", "notes.txt"]:
        (backups.folder / name).write_text("")
    assert "2 of orders kept, 2 older removed." in backups.make(KEEP="2").stdout
    newest, *others = reversed([name for name in backups.names() if name.startswith("orders")])
    assert others == [OLD[-1]]
    assert (backups.folder / newest).stat().st_size > 0
    assert {"users-20260101T000000Z.dump", "notes.txt"} <= set(backups.names())


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        ({"DATABASE_URL": "postgresql://orders:x@127.0.0.1:9/orders"}, "Connection refused"),
        ({"BACKUPS": "/nonexistent"}, "No such file or directory"),
        ({"DATABASE_URL": "of somebody else"}, "password authentication failed"),
    ],
)
def test_a_failure_is_one_line_and_removes_nothing(
    server: Container, backups: Backups, environ: dict[str, str], reason: str
) -> None:
    for name in OLD:
        (backups.folder / name).write_text("")
    if environ.get("DATABASE_URL") == "of somebody else":
        environ = {"DATABASE_URL": server.url(password="geheim")}
    said = backups.failure(KEEP="1", **environ)
    assert said.startswith("postgres backup: ")
    assert "\n" not in said
    assert reason in said
    assert "geheim" not in said
    assert backups.names() == OLD


@pytest.mark.parametrize("sslmode", ["disable", "prefer"])
def test_a_network_that_is_not_open_yet_is_waited_for(
    server: Container, backups: Backups, sslmode: str
) -> None:
    with closed_at_first(int(server.environ["PGPORT"]), 5) as port:
        url = f"{server.url(port=port)}?sslmode={sslmode}"
        done = backups.make(DATABASE_URL=url, DATABASE_WAIT_SECONDS="60")
    assert (done.returncode, len(backups.names())) == (0, 1), done.stderr
    first, *_, last = done.stderr.splitlines()
    assert re.match(r"waiting for the database, 0 of 60 s: .*Connection refused", first)
    assert re.match(r"the database answered after [5-9]\.\d s", last)


def test_a_network_that_stays_closed_is_given_up(backups: Backups) -> None:
    closed = f"postgresql://orders:geheim@127.0.0.1:{free_port()}/orders"
    said = backups.make(DATABASE_URL=closed, DATABASE_WAIT_SECONDS="2").stderr.splitlines()
    assert re.fullmatch(
        r"postgres backup: The database cannot be reached after [2-9] s: .*Connection refused",
        said[-1],
    )


def test_a_wrong_password_is_not_waited_for(server: Container, backups: Backups) -> None:
    url = server.url(password="geheim")
    said = backups.failure(DATABASE_URL=url, DATABASE_WAIT_SECONDS="600")
    assert said.startswith("postgres backup: The database does not let us in: ")


def test_a_dump_that_finds_no_room_is_no_dump_and_removes_nothing(
    backups: Backups, wide: None, tmp_path: Path
) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000,) * 2); "
    for name in OLD:
        (backups.folder / name).write_text("")
    done = subprocess.run(
        [sys.executable, "-c", limit + SOURCE, "backup"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **backups.environ, "KEEP": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("postgres backup: orders is not backed up: ")
    assert [file.name for file in sorted(backups.folder.iterdir())] == [".orders.lock", *OLD]


@pytest.mark.parametrize("seconds", [0.2, 0.4, 0.6, 0.8])
def test_a_kill_leaves_nothing_that_looks_like_a_dump_and_the_next_one_works(
    backups: Backups, wide: None, seconds: float
) -> None:
    begun = subprocess.Popen(
        [sys.executable, "-c", SOURCE, "backup"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **backups.environ},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
    )
    time.sleep(seconds)
    os.killpg(begun.pid, signal.SIGKILL)
    begun.wait()
    before = backups.names()
    assert backups.make().returncode == 0
    for name in {*before, *backups.names()}:
        listed = run_command({**backups.environ}, "restore", name)
        assert listed.returncode == 0, listed.stderr
    assert not list(backups.folder.glob("*.unfinished"))


def test_only_one_at_a_time_is_made_of_a_database(backups: Backups) -> None:
    with (backups.folder / ".orders.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert backups.failure() == "postgres backup: Another backup of orders is running."
    assert backups.make().returncode == 0


def test_a_list_tells_the_newest_first(backups: Backups) -> None:
    for name in [*OLD, "users-20260102T120000Z.dump", ".orders.unfinished", "orders-latest.dump"]:
        (backups.folder / name).write_bytes(b"x" * 2500)
    listed = run_command({"BACKUPS": str(backups.folder)}, "backups").stdout.splitlines()
    assert listed == [
        f"{OLD[2]}  2026-01-03 00:00:00 UTC  2 kB",
        "users-20260102T120000Z.dump  2026-01-02 12:00:00 UTC  2 kB",
        f"{OLD[1]}  2026-01-02 00:00:00 UTC  2 kB",
        f"{OLD[0]}  2026-01-01 00:00:00 UTC  2 kB",
    ]


@pytest.mark.parametrize(
    "url",
    [
        "postgres",
        "http://orders@host/orders",
        "postgresql://host/orders",
        "postgresql://o:p@h:port/o",
    ],
)
def test_an_address_that_is_none_is_refused_without_repeating_it(url: str) -> None:
    done = run_command({"DATABASE_URL": url, "KEEP": "0"}, "backup")
    assert done.returncode == 2
    assert done.stderr == (
        "postgres backup: bad environment: "
        "DATABASE_URL must be like postgresql://role:password@host/database; "
        "KEEP must be a whole number from 1 to 2147483647\n"
    )


def test_a_parameter_that_nobody_knows_is_named(server: Container) -> None:
    done = run_command({"DATABASE_URL": server.url() + "?sslmood=good"}, "backup")
    assert done.stderr.endswith("DATABASE_URL has unknown parameters: sslmood\n")
