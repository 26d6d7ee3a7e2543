"""HTTP proxies between a real client and real servers."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import urllib3

from store.chaos.proxies.fault_rule import Effect, FaultRules
from store.chaos.proxies.proxies import FaultProxies
from store.chaos.testing.http_servers import EMPTY_REFUND, CountingServer, connect
from store.server.grpc.testing import free_port, wait_until

REFUND = "/v1/refunds"
# A reset may come before the caller has seen that it was connected, or when it sends.
REFUSED = ("NewConnectionError", "ConnectionResetError", "BrokenPipeError")
# A connection that was kept may be found closed only when it is used again, as without a proxy.
GONE = (*REFUSED, "RemoteDisconnected")


@pytest.fixture
def client() -> Iterator[urllib3.PoolManager]:
    with urllib3.PoolManager(maxsize=20, retries=False, timeout=5) as pool:
        yield pool


@pytest.fixture
def proxy(proxies: FaultProxies, server: CountingServer) -> Iterator[str]:
    """A proxy of orders-1 to the gateway, with the server behind it."""
    with server.served() as url:
        yield proxies.gateway("orders-1", url)


def post(client: urllib3.PoolManager, url: str, path: str = REFUND) -> str:
    """The answer, or the name of the error."""
    try:
        return client.request("POST", url + path, body=b"a=1").data.decode()
    except urllib3.exceptions.HTTPError as error:
        return type(error.args[1] if len(error.args) > 1 else error).__name__


def test_connections_are_kept(
    proxy: str, server: CountingServer, client: urllib3.PoolManager
) -> None:
    assert [post(client, proxy) for _ in range(10)] == [str(number) for number in range(1, 11)]
    assert post(client, proxy, "/other") == "11"
    assert len(server.connections) == 1


def test_a_killed_caller_is_gone_before_its_connection_is(
    proxy: str,
    server: CountingServer,
    rules: FaultRules,
    killed: list[str],
    client: urllib3.PoolManager,
) -> None:
    rules.add("refund.before", Effect.KILL)
    rules.add("refund.after", Effect.KILL)
    assert post(client, proxy) == "RemoteDisconnected"
    assert (killed, server.requests) == (["orders-1"], [])
    assert post(client, proxy) == "RemoteDisconnected"
    assert (killed, server.requests) == (["orders-1"] * 2, ["POST /v1/refunds"])
    assert post(client, proxy) == "2"


def test_the_connection_stays_open_until_the_kill_is_done(
    server: CountingServer, rules: FaultRules, client: urllib3.PoolManager
) -> None:
    killing, done = threading.Event(), threading.Event()

    def kill(_caller: str) -> None:
        killing.set()
        assert done.wait(5)

    rules.add("answer.after", Effect.KILL)
    with (
        server.served() as url,
        FaultProxies(rules, kill) as proxies,
        ThreadPoolExecutor(1) as pool,
    ):
        answer = pool.submit(post, client, proxies.front("orders-1", url), "/v1/orders")
        assert killing.wait(5)
        time.sleep(0.1)
        assert not answer.done()
        done.set()
        assert answer.result(5) == "RemoteDisconnected"


def test_a_dropped_call_kills_nobody(
    proxy: str,
    server: CountingServer,
    rules: FaultRules,
    killed: list[str],
    client: urllib3.PoolManager,
) -> None:
    rules.add("refund.before", Effect.DROP)
    rules.add("refund.after", Effect.DROP)
    assert [post(client, proxy) for _ in range(3)] == ["RemoteDisconnected"] * 2 + ["2"]
    assert (killed, len(server.requests)) == ([], 2)


def test_what_is_down_refuses(
    proxy: str, server: CountingServer, rules: FaultRules, client: urllib3.PoolManager
) -> None:
    rules.add("refund.before", Effect.DOWN, times=2)
    assert [post(client, proxy) for _ in range(3)] == ["ConnectionResetError"] * 2 + ["1"]
    assert len(server.requests) == 1


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_call_forwarded_twice_is_answered_with_the_second_answer(
    proxy: str, server: CountingServer, rules: FaultRules, client: urllib3.PoolManager, side: str
) -> None:
    rule = rules.add(f"refund.{side}", Effect.TWICE)
    assert [post(client, proxy), post(client, proxy)] == ["2", "3"]
    assert (rule.calls_hit, len(server.requests)) == (1, 3)


@pytest.mark.parametrize(("side", "asked_meanwhile"), [("before", 0), ("after", 1)])
def test_a_delayed_call_is_held_until_the_caller_gives_up(
    proxy: str, server: CountingServer, rules: FaultRules, side: str, asked_meanwhile: int
) -> None:
    rule = rules.add(f"refund.{side}", Effect.DELAY)
    with connect(proxy) as caller:
        caller.sendall(EMPTY_REFUND)
        assert rule.wait(5)
        caller.settimeout(0.2)
        with pytest.raises(TimeoutError):
            caller.recv(1)
        assert len(server.requests) == asked_meanwhile
    wait_until(lambda: len(server.requests) == 1 and not server.open_connections)


def test_many_calls_are_hit_at_one_moment(
    proxy: str,
    server: CountingServer,
    rules: FaultRules,
    killed: list[str],
    client: urllib3.PoolManager,
) -> None:
    rule = rules.add("refund.after", Effect.KILL, caller="orders-1", group_size=5)
    with ThreadPoolExecutor(5) as pool:
        errors = list(pool.map(lambda _: post(client, proxy), range(5)))
    assert errors == ["RemoteDisconnected"] * 5
    assert (killed, rule.calls_hit, len(server.requests)) == (["orders-1"], 5, 5)


def test_every_caller_has_a_proxy_of_its_own(
    proxies: FaultProxies, server: CountingServer, rules: FaultRules, client: urllib3.PoolManager
) -> None:
    rule = rules.add("refund.before", Effect.DROP, caller="orders-2")
    with server.served() as url:
        first, second = proxies.gateway("orders-1", url), proxies.gateway("orders-2", url)
        assert [post(client, first), post(client, second)] == ["1", "RemoteDisconnected"]
    assert [caller for caller, _ in rule.hits] == ["orders-2"]


def test_the_other_side_may_start_late_stop_and_start_again(
    proxies: FaultProxies, client: urllib3.PoolManager
) -> None:
    port = free_port()
    proxy = proxies.gateway("orders-1", f"http://127.0.0.1:{port}")
    assert post(client, proxy) in REFUSED
    for _ in range(2):
        with CountingServer().served(port):
            assert [post(client, proxy), post(client, proxy)] == ["1", "2"]
        assert post(client, proxy) in GONE


def test_when_the_caller_leaves_the_other_side_is_left(proxy: str, server: CountingServer) -> None:
    server.may_answer.clear()
    caller = connect(proxy)
    caller.sendall(EMPTY_REFUND)
    wait_until(lambda: len(server.requests) == 1)
    caller.close()
    server.may_answer.set()
    wait_until(lambda: not server.open_connections)


def test_no_rule_hits_the_call_of_a_caller_that_has_gone(
    proxy: str, server: CountingServer, rules: FaultRules, killed: list[str]
) -> None:
    delay = rules.add("refund.before", Effect.DELAY)
    kill = rules.add("refund.after", Effect.KILL)
    caller = connect(proxy)
    caller.sendall(EMPTY_REFUND)
    assert delay.wait(5)
    caller.close()
    wait_until(lambda: len(server.requests) == 1 and not server.open_connections)
    assert (kill.calls_hit, killed) == (0, [])


def test_no_thread_stays_when_the_proxies_are_closed(
    server: CountingServer, rules: FaultRules
) -> None:
    before = threading.active_count()
    delay = rules.add("refund.before", Effect.DELAY)
    grouped = rules.add("capture.after", Effect.KILL, group_size=2)
    with (
        server.served() as url,
        ThreadPoolExecutor(2) as pool,
        urllib3.PoolManager(retries=False, timeout=5) as client,
    ):
        with FaultProxies(rules, print) as proxies:
            proxy = proxies.gateway("orders-1", url)
            calls = [
                pool.submit(post, client, proxy, REFUND),
                pool.submit(post, client, proxy, "/v1/payment_intents/pi_1/capture"),
            ]
            assert delay.wait(5)
            wait_until(lambda: grouped.calls_held == 1)
        began = time.monotonic()
        assert "RemoteDisconnected" in [call.result(5) for call in calls]
        assert time.monotonic() - began < 5
    assert threading.active_count() == before
