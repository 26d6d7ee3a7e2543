"""Proxies between real processes: who is killed never receives the answer."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
import urllib3

from store.chaos.proxies.fault_rule import Effect, FaultRules
from store.chaos.proxies.proxies import FaultProxies
from store.chaos.testing.http_servers import CountingServer
from store.server.grpc.testing import RunningProgram, running, wait_until

CALLER = """
import sys, urllib.request
while True:
    with urllib.request.urlopen(sys.argv[1] + "/v1/refunds", data=b"a=1") as answer:
        print("received", answer.read().decode(), flush=True)
"""
API = """
import os, time
from store.chaos.testing.http_servers import CountingServer
with CountingServer().served(int(os.environ["PORT"])):
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
def test_a_caller_receives_nothing_of_the_call_it_is_killed_at(
    rules: FaultRules, server: CountingServer, side: str, asked: int
) -> None:
    caller: list[subprocess.Popen[str]] = []

    def kill(name: str) -> None:
        assert name == "orders-1"
        caller[0].kill()
        caller[0].wait(10)

    rule = rules.add(f"refund.{side}", Effect.KILL, caller="orders-1")
    with server.served() as url, FaultProxies(rules, kill) as proxies:
        command = [sys.executable, "-c", CALLER, proxies.gateway("orders-1", url)]
        caller.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        assert rule.wait(10)
        received = caller[0].communicate(timeout=10)[0]
    assert (received, len(server.requests)) == ("", asked)


def test_an_api_is_killed_before_its_answer_is_sent(rules: FaultRules, api: RunningProgram) -> None:
    def kill(name: str) -> None:
        assert name == "orders-1"
        api.process.kill()
        api.process.wait(10)

    rule = rules.add("answer.after", Effect.KILL, caller="orders-1")
    with FaultProxies(rules, kill) as proxies:
        proxy = proxies.front("orders-1", api.url) + "/v1/orders"
        with pytest.raises(urllib3.exceptions.ProtocolError):
            urllib3.request("POST", proxy, body=b"{}", retries=False, timeout=5)
        assert rule.wait(0)
        assert api.process.poll() == -9
        with pytest.raises(urllib3.exceptions.HTTPError):
            urllib3.request("POST", proxy, body=b"{}", retries=False, timeout=5)
