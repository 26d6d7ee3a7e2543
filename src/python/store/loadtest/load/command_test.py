import json
import os
import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from store.loadtest.load.command import load
from store.loadtest.load.traffic import Traffic
from store.loadtest.testing.fake_shop import FakeShop
from store.testing.fake_store import Reply, serving

FEW = ("--journeys", "10", "--rate", "100", "--customers", "2")


def run(url: str, *options: str, **environ: str) -> Result:
    """Run it against the shop at this address."""
    urls = {"USERS_URL": url, "INVENTORY_URL": url, "ORDERS_URL": f"{url},{url}"}
    environ = {**urls, "LOAD_SECRET": "secret", "COLUMNS": "150", **environ}
    return CliRunner().invoke(load, [*FEW, *options], env=environ)


@pytest.fixture(autouse=True)
def thoughtless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.loadtest.load.intents.LONGEST_THOUGHT", 0.01)


def test_a_load_that_nobody_had_trouble_with_ends_well(url: str, shop: FakeShop) -> None:
    result = run(url)
    assert result.exit_code == 0, result.output
    assert len(shop.orders) == 10
    for text in ("p99", "confirmed", "10 journeys", "0 failures"):
        assert text in result.output


def test_json_is_all_that_is_printed(url: str) -> None:
    said = json.loads(run(url, "--json").stdout)
    assert said["journeys"] == 10
    assert sum(order["number"] for order in said["orders"]) == 10


def test_without_staff_nothing_is_shipped_and_with_staff_it_is(url: str, shop: FakeShop) -> None:
    staff = {"STAFF_EMAIL": "sam@example.com", "STAFF_PASSWORD": "x"}
    for environ, shipped in (({}, False), (staff, True)):
        shop.requests.clear()
        assert run(url, "--journeys", "40", **environ).exit_code == 0
        assert any("shipments" in path for _, path, _, _ in shop.requests) is shipped


def test_a_failure_that_a_buyer_saw_fails_the_load(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(FakeShop):
        def answer(self, method: str, path: str, key: str | None, body: Any) -> Reply:
            usual = super().answer(method, path, key, body)
            return (500, {"code": "internal_error"}) if path == "/v1/orders" else usual

    with serving(Broken()) as url:
        result = run(url, "--patience", "0.1")
    assert result.exit_code == 1
    assert "500 internal_error" in result.output


def test_a_store_that_is_not_there_is_one_clear_message_at_once() -> None:
    result = run("http://127.0.0.1:9")
    assert result.exit_code == 2
    assert "Nothing answers at http://127.0.0.1:9" in result.output


def test_a_foreign_store_needs_a_secret_and_all_its_addresses() -> None:
    result = run("http://127.0.0.1:9", LOAD_SECRET="")
    assert (result.exit_code, "Set LOAD_SECRET" in result.output) == (2, True)
    result = run("http://127.0.0.1:9", INVENTORY_URL="")
    assert (result.exit_code, "give USERS_URL, INVENTORY_URL" in result.output) == (2, True)


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """That the first Ctrl-C has reached the load."""
    received, stop = threading.Event(), Traffic.stop

    def stop_and_set(traffic: Traffic) -> None:
        stop(traffic)
        received.set()

    monkeypatch.setattr(Traffic, "stop", stop_and_set)
    return received


@pytest.mark.parametrize("moment", ["/v1/sessions", "/v1/variants/"])
def test_ctrl_c_again_breaks_it_off(
    url: str, shop: FakeShop, received: threading.Event, moment: str
) -> None:
    shop.requests = InterruptingRequests(
        lambda path: path.startswith((moment, "/v1/products/")), received
    )
    assert run(url, "--journeys", "100000", "--rate", "20").exit_code == 130
    assert len(shop.orders) < 100


def test_ctrl_c_lets_nobody_else_begin_and_shows_what_was_seen(
    url: str, shop: FakeShop, received: threading.Event
) -> None:
    shop.requests = InterruptingRequests(
        lambda path: path == "/v1/orders" and len(shop.orders) == 1, received
    )
    result = run(url, "--journeys", "100000", "--rate", "20")
    assert result.exit_code == 0, result.output
    assert 0 < len(shop.orders) < 1000
    assert "What buyers were last told" in result.output


class InterruptingRequests(list[Any]):
    """What the shop was asked; somebody presses Ctrl-C at every request for such a path.

    One press after the other: of two at once, Python's handler sees one.
    """

    def __init__(self, when: Callable[[str], bool], received: threading.Event) -> None:
        super().__init__()
        self._when, self._received = when, received
        self._pressing = threading.Lock()

    def append(self, asked: Any) -> None:
        super().append(asked)
        if self._when(asked[1]):
            with self._pressing:
                os.kill(os.getpid(), signal.SIGINT)
                assert self._received.wait(20)
