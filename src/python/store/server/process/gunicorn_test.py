"""Starts and stops real servers, each in a process of its own."""

import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from store.server.grpc.testing import RunningProgram, running, wait_until

PROGRAM = """
from store.server.process.commands import run

def serve():
    from store.server.process.gevent_patch import patch_gevent
    patch_gevent()

    import os, gevent
    from flask import Response
    from store.server.http.blueprint import Blueprint
    from store.server.environ import Environ
    from store.server.errors import Unavailable
    from store.server.process.gunicorn import HttpConfig, serve_http
    from store.server.process.lifecycle import stopping
    from store.server.telemetry.logs import set_up_logs
    from store.server.http.web import create_app

    set_up_logs("test")
    routes = Blueprint("routes", __name__)
    broken = []

    @routes.get("/sleep/<float:seconds>")
    def sleep(seconds):
        gevent.sleep(seconds)
        return {"slept": seconds}

    @routes.get("/stream")
    def stream():
        def lines():
            yield "first\\n"
            stopping.wait()
            yield "last\\n"
        return Response(lines())

    @routes.post("/break")
    def break_it():
        broken.append(1)
        return {}

    def make():
        if os.environ.get("BAD_APP"):
            raise RuntimeError("this app cannot be made")
        return create_app("test", title="Test", blueprints=[routes])

    def lose():
        if broken:
            raise ConnectionError("postgresql://u:hunter2@db")

    def hang():
        if broken:
            gevent.sleep(60)

    def refuse():
        if broken:
            raise Unavailable("Migrations are missing: 0002_prices.")

    def loop():
        print("loop begins", flush=True)
        if not os.path.exists(os.environ["STUMBLED"]):
            open(os.environ["STUMBLED"], "w").close()
            raise RuntimeError("the loop stumbles once")
        stopping.wait()
        print("loop ends", flush=True)

    ready = {"database": lose, "slow": hang, "migrations": refuse}
    http = HttpConfig.from_environ(Environ(os.environ))
    serve_http("test", make, http, ready, [loop])

run("test", {"serve": serve})
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningProgram]:
    with running(PROGRAM, "serve", STUMBLED=str(tmp_path / "stumbled")) as program:
        wait_until(program.is_ready)
        wait_until(lambda: program.said().count("loop begins") == 2)
        yield program


def test_ready_says_what_is_missing_without_secrets(server: RunningProgram) -> None:
    assert "a background loop failed (1 in a row)" in server.said()
    requests.post(f"{server.url}/break", timeout=5)
    answer = requests.get(f"{server.ops}/ready", timeout=10)
    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False,
        "failing": {
            "database": "ConnectionError",
            "slow": "no answer in time",
            "migrations": "Migrations are missing: 0002_prices.",
        },
    }
    assert requests.get(f"{server.ops}/live", timeout=5).status_code == 200
    assert "hunter2" not in server.said()


def test_sigterm_finishes_what_is_in_hand(server: RunningProgram) -> None:
    idle = requests.Session()
    idle.get(f"{server.url}/docs", timeout=5)
    with (
        ThreadPoolExecutor(1) as pool,
        requests.get(f"{server.url}/stream", stream=True, timeout=10) as stream,
    ):
        lines = stream.iter_lines()
        assert next(lines) == b"first"
        slow = pool.submit(requests.get, f"{server.url}/sleep/1.5", timeout=10)
        time.sleep(0.5)
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: requests.get(f"{server.ops}/ready", timeout=5).status_code == 503)
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{server.url}/docs", timeout=5)
        assert slow.result().json() == {"slept": 1.5}
        assert slow.result().headers["Connection"] == "close"
        assert list(lines) == [b"last"]
    began = time.monotonic()
    assert server.process.wait(20) == 0
    # The idle connection is not waited for.
    assert time.monotonic() - began < 5
    assert "loop ends" in server.said()
    idle.close()


def test_ctrl_c_leaves_at_once_when_nothing_is_in_hand(server: RunningProgram) -> None:
    before, began = server.said(), time.monotonic()
    assert server.leave(signal.SIGINT) == 0
    assert time.monotonic() - began < 5
    assert "Traceback" not in server.said().removeprefix(before)


@pytest.mark.parametrize("name", ["PORT", "OPS_PORT"])
def test_a_port_in_use_is_one_line(name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with running(PROGRAM, "serve", **{name: str(port)}) as program:
            assert program.process.wait(20) == 2
            (line,) = program.said().splitlines()
    assert line.startswith(f"test serve: cannot listen on 127.0.0.1:{port}: Address already in use")


def test_an_app_that_cannot_be_made_ends_the_process() -> None:
    with running(PROGRAM, "serve", BAD_APP="yes") as program:
        assert program.process.wait(20) == 3
        assert "this app cannot be made" in program.said()
        assert program.said().count("Booting worker") == 1
