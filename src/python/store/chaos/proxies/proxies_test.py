"""Doors between real processes: who is killed never hears the answer."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
import urllib3

from store.chaos.proxies.fault_rule import Ambushes, Deed
from store.chaos.proxies.proxies import Doors
from store.chaos.proxies.testing import Desk
from store.server.grpc.testing import RunningProgram, running, wait_until

CALLER = """
import sys, urllib.request
while True:
    with urllib.request.urlopen(sys.argv[1] + "/v1/refunds", data=b"a=1") as answer:
        print("heard", answer.read().decode(), flush=True)
"""
API = """
import os, time
from store.chaos.proxies.testing import Desk
with Desk().served(int(os.environ["PORT"])):
    print("serves", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def api() -> Iterator[RunningProgram]:
    """An API in a process of its own."""
    with running(API) as api:
        wait_until(lambda: "serves" in api.said())
        yield api


@pytest.mark.parametrize(("side", "asked"), [("before", 0), ("after", 1)])
def test_a_caller_hears_nothing_of_the_call_it_dies_of(
    ambushes: Ambushes, desk: Desk, side: str, asked: int
) -> None:
    caller: list[subprocess.Popen[str]] = []

    def kill(name: str) -> None:
        assert name == "orders-1"
        caller[0].kill()
        caller[0].wait(10)

    ambush = ambushes.lay(f"refund.{side}", Deed.KILL, caller="orders-1")
    with desk.served() as url, Doors(ambushes, kill) as doors:
        command = [sys.executable, "-c", CALLER, doors.gateway("orders-1", url)]
        caller.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        assert ambush.wait(10)
        heard = caller[0].communicate(timeout=10)[0]
    assert (heard, len(desk.asked)) == ("", asked)


def test_an_api_dies_with_the_answer_on_its_lips(ambushes: Ambushes, api: RunningProgram) -> None:
    def kill(name: str) -> None:
        assert name == "orders-1"
        api.process.kill()
        api.process.wait(10)

    ambush = ambushes.lay("answer.after", Deed.KILL, caller="orders-1")
    with Doors(ambushes, kill) as doors:
        door = doors.front("orders-1", api.url) + "/v1/orders"
        with pytest.raises(urllib3.exceptions.ProtocolError):
            urllib3.request("POST", door, body=b"{}", retries=False, timeout=5)
        assert ambush.wait(0)
        assert api.process.poll() == -9
        with pytest.raises(urllib3.exceptions.HTTPError):
            urllib3.request("POST", door, body=b"{}", retries=False, timeout=5)
