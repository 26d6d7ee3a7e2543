"""Waiting for PostgreSQL in gevent's loop. In a process of its own: patching cannot be undone."""

import subprocess
import sys
from pathlib import Path

import pytest

from store.database.testing import FleetingServer, postgres  # noqa: F401

_PROGRAM = """
import sys
from store.server.process.gevent_patch import patch_gevent
patch_gevent()
import gevent, psycopg2

def sleep_in(connection):
    try:
        connection.cursor().execute("SELECT pg_sleep(30)")
    except psycopg2.OperationalError:
        print("lost")

asleep = psycopg2.connect(sys.argv[1])
sleeper = gevent.spawn(sleep_in, asleep)
gevent.sleep(0.1)
{end}
sleeper.join()
print("closed" if asleep.closed else "open")
"""
_END_BY_SERVER = """
other = psycopg2.connect(sys.argv[1])
other.cursor().execute("SELECT pg_terminate_backend(%s)", (asleep.info.backend_pid,))
other.close()
"""


@pytest.mark.parametrize(
    ("end", "output"), [(_END_BY_SERVER, "lost\nclosed\n"), ("sleeper.kill()", "closed\n")]
)
def test_a_wait_that_ends_early_closes_the_connection_and_stops_nobody(
    end: str,
    output: str,
    postgres: FleetingServer,  # noqa: F811
    tmp_path: Path,
) -> None:
    (tmp_path / "0001_nothing.py").write_text("def up(migrator, db): pass\n")
    with postgres.fresh(postgres.template("patching", tmp_path)) as config:
        program = [sys.executable, "-c", _PROGRAM.format(end=end), config.url]
        run = subprocess.run(program, capture_output=True, text=True, timeout=20, check=False)
    assert (run.returncode, run.stdout) == (0, output), run.stderr


_SILENT_SERVER = """
from store.server.process import gevent_patch
gevent_patch.patch_gevent()
gevent_patch.CONNECT_SECONDS = 0.2
import sys
import gevent.socket, psycopg2

silent = gevent.socket.create_server(("127.0.0.1", 0))
try:
    psycopg2.connect(host="127.0.0.1", port=silent.getsockname()[1], user="u")
except psycopg2.OperationalError as error:
    print(error)

gevent_patch.CONNECT_SECONDS, gevent_patch.ANSWER_SECONDS = 10, 0.2
connection = psycopg2.connect(sys.argv[1])
try:
    connection.cursor().execute("SELECT pg_sleep(30)")
except psycopg2.OperationalError as error:
    print(error, connection.closed)
"""


def test_a_server_that_never_answers_is_given_up(
    postgres: FleetingServer,  # noqa: F811
) -> None:
    program = [sys.executable, "-c", _SILENT_SERVER, postgres.url("postgres")]
    run = subprocess.run(program, capture_output=True, text=True, timeout=20, check=False)
    message = "PostgreSQL does not answer."
    assert run.stdout.split("\n")[:2] == [message, f"{message} 2"], run.stderr
