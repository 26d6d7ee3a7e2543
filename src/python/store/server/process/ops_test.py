from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from store.server.environ import BadEnviron, Environ
from store.server.errors import Unavailable
from store.server.process.lifecycle import stopping
from store.server.process.ops import OpsConfig, start_ops, stop_ops
from store.server.process.readiness import Check


@contextmanager
def ops(**ready: Check) -> Iterator[str]:
    server = start_ops("127.0.0.1", 0, ready)
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        stop_ops(server)


@pytest.fixture
def leaving() -> Iterator[None]:
    stopping.set()
    yield
    stopping.clear()


def missing() -> None:
    raise Unavailable("Migrations are missing: 0002_prices.")


def lost() -> None:
    raise ConnectionError("no connection to postgresql://u:hunter2@db")


def test_ready_asks_every_check() -> None:
    asked: list[str] = []
    with ops(a=lambda: asked.append("a"), b=lambda: asked.append("b")) as url:
        answer = requests.get(f"{url}/ready", timeout=5)
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "failing": {}})
    assert sorted(asked) == ["a", "b"]


def test_ready_names_what_is_missing_and_keeps_the_rest_to_itself() -> None:
    with ops(database=lost, migrations=missing) as url:
        answer = requests.get(f"{url}/ready", timeout=5)
        assert requests.get(f"{url}/live", timeout=5).json() == {"live": True}
    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False,
        "failing": {
            "database": "ConnectionError",
            "migrations": "Migrations are missing: 0002_prices.",
        },
    }


@pytest.mark.usefixtures("leaving")
def test_a_process_that_leaves_is_not_ready_but_alive() -> None:
    with ops(a=lambda: None) as url:
        answer = requests.get(f"{url}/ready", timeout=5)
        assert requests.get(f"{url}/live", timeout=5).status_code == 200
    assert (answer.status_code, answer.json()["failing"]) == (503, {"process": "stopping"})


def test_metrics_come_in_the_format_that_is_asked_for() -> None:
    with ops() as url:
        plain = requests.get(f"{url}/metrics", timeout=5)
        accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
        open_metrics = requests.get(f"{url}/metrics", headers=accept, timeout=5)
    assert plain.headers["Content-Type"].startswith("text/plain")
    assert "# TYPE process_cpu_seconds_total counter" in plain.text
    assert open_metrics.headers["Content-Type"].startswith("application/openmetrics-text")
    assert open_metrics.text.endswith("# EOF\n")


def test_a_port_in_use_is_a_bad_environ() -> None:
    with ops() as url, pytest.raises(BadEnviron, match="cannot listen on 127"):
        start_ops("127.0.0.1", int(url.rpartition(":")[2]), {})


def test_the_ops_port_comes_from_the_environ() -> None:
    env = Environ({"BIND": "127.0.0.1", "OPS_PORT": "9013"})
    assert OpsConfig.from_environ(env) == OpsConfig("127.0.0.1", 9013)
    assert OpsConfig.from_environ(Environ({})) == OpsConfig("0.0.0.0", 9000)  # noqa: S104
