"""HTTP doors between a real client and real servers."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import urllib3

from store.chaos.proxies.fault_rule import Ambushes, Deed
from store.chaos.proxies.proxies import Doors
from store.chaos.proxies.testing import NOTHING, Desk, connected
from store.server.grpc.testing import free_port, wait_until

REFUND = "/v1/refunds"
# A reset may come before the caller has seen that it was connected, or when it sends.
REFUSED = ("NewConnectionError", "ConnectionResetError", "BrokenPipeError")
# A connection that was kept may be found closed only when it is used again, as without a door.
LEFT = (*REFUSED, "RemoteDisconnected")


@pytest.fixture
def client() -> Iterator[urllib3.PoolManager]:
    with urllib3.PoolManager(maxsize=20, retries=False, timeout=5) as pool:
        yield pool


@pytest.fixture
def door(doors: Doors, desk: Desk) -> Iterator[str]:
    """A door of orders-1 to the gateway, with the desk behind it."""
    with desk.served() as url:
        yield doors.gateway("orders-1", url)


def post(client: urllib3.PoolManager, url: str, path: str = REFUND) -> str:
    """The answer, or the name of the error."""
    try:
        return client.request("POST", url + path, body=b"a=1").data.decode()
    except urllib3.exceptions.HTTPError as error:
        return type(error.args[1] if len(error.args) > 1 else error).__name__


def test_connections_are_kept(door: str, desk: Desk, client: urllib3.PoolManager) -> None:
    assert [post(client, door) for _ in range(10)] == [str(number) for number in range(1, 11)]
    assert post(client, door, "/other") == "11"
    assert len(desk.connections) == 1


def test_a_killed_caller_is_gone_before_its_connection_is(
    door: str, desk: Desk, ambushes: Ambushes, killed: list[str], client: urllib3.PoolManager
) -> None:
    ambushes.lay("refund.before", Deed.KILL)
    ambushes.lay("refund.after", Deed.KILL)
    assert post(client, door) == "RemoteDisconnected"
    assert (killed, desk.asked) == (["orders-1"], [])
    assert post(client, door) == "RemoteDisconnected"
    assert (killed, desk.asked) == (["orders-1"] * 2, ["POST /v1/refunds"])
    assert post(client, door) == "2"


def test_nothing_is_heard_until_the_killer_is_done(
    desk: Desk, ambushes: Ambushes, client: urllib3.PoolManager
) -> None:
    struck, done = threading.Event(), threading.Event()

    def kill(_caller: str) -> None:
        struck.set()
        assert done.wait(5)

    ambushes.lay("answer.after", Deed.KILL)
    with (
        desk.served() as url,
        Doors(ambushes, kill) as doors,
        ThreadPoolExecutor(1) as pool,
    ):
        answer = pool.submit(post, client, doors.front("orders-1", url), "/v1/orders")
        assert struck.wait(5)
        time.sleep(0.1)
        assert not answer.done()
        done.set()
        assert answer.result(5) == "RemoteDisconnected"


def test_a_dropped_call_kills_nobody(
    door: str, desk: Desk, ambushes: Ambushes, killed: list[str], client: urllib3.PoolManager
) -> None:
    ambushes.lay("refund.before", Deed.DROP)
    ambushes.lay("refund.after", Deed.DROP)
    assert [post(client, door) for _ in range(3)] == ["RemoteDisconnected"] * 2 + ["2"]
    assert (killed, len(desk.asked)) == ([], 2)


def test_what_is_down_refuses(
    door: str, desk: Desk, ambushes: Ambushes, client: urllib3.PoolManager
) -> None:
    ambushes.lay("refund.before", Deed.DOWN, times=2)
    assert [post(client, door) for _ in range(3)] == ["ConnectionResetError"] * 2 + ["1"]
    assert len(desk.asked) == 1


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_call_passed_on_twice_is_answered_with_the_second_answer(
    door: str, desk: Desk, ambushes: Ambushes, client: urllib3.PoolManager, side: str
) -> None:
    ambush = ambushes.lay(f"refund.{side}", Deed.TWICE)
    assert [post(client, door), post(client, door)] == ["2", "3"]
    assert (ambush.caught, len(desk.asked)) == (1, 3)


@pytest.mark.parametrize(("side", "asked_meanwhile"), [("before", 0), ("after", 1)])
def test_a_delayed_call_is_held_until_the_caller_gives_up(
    door: str, desk: Desk, ambushes: Ambushes, side: str, asked_meanwhile: int
) -> None:
    ambush = ambushes.lay(f"refund.{side}", Deed.DELAY)
    with connected(door) as caller:
        caller.sendall(NOTHING)
        assert ambush.wait(5)
        caller.settimeout(0.2)
        with pytest.raises(TimeoutError):
            caller.recv(1)
        assert len(desk.asked) == asked_meanwhile
    wait_until(lambda: len(desk.asked) == 1 and not desk.open_connections)


def test_many_calls_perish_at_one_moment(
    door: str, desk: Desk, ambushes: Ambushes, killed: list[str], client: urllib3.PoolManager
) -> None:
    ambush = ambushes.lay("refund.after", Deed.KILL, caller="orders-1", gather=5)
    with ThreadPoolExecutor(5) as pool:
        heard = list(pool.map(lambda _: post(client, door), range(5)))
    assert heard == ["RemoteDisconnected"] * 5
    assert (killed, ambush.caught, len(desk.asked)) == (["orders-1"], 5, 5)


def test_every_caller_has_a_door_of_its_own(
    doors: Doors, desk: Desk, ambushes: Ambushes, client: urllib3.PoolManager
) -> None:
    ambush = ambushes.lay("refund.before", Deed.DROP, caller="orders-2")
    with desk.served() as url:
        first, second = doors.gateway("orders-1", url), doors.gateway("orders-2", url)
        assert [post(client, first), post(client, second)] == ["1", "RemoteDisconnected"]
    assert [caller for caller, _ in ambush.sprung] == ["orders-2"]


def test_the_other_side_may_come_late_go_and_come_again(
    doors: Doors, client: urllib3.PoolManager
) -> None:
    port = free_port()
    door = doors.gateway("orders-1", f"http://127.0.0.1:{port}")
    assert post(client, door) in REFUSED
    for _ in range(2):
        with Desk().served(port):
            assert [post(client, door), post(client, door)] == ["1", "2"]
        assert post(client, door) in LEFT


def test_when_the_caller_leaves_the_other_side_is_left(door: str, desk: Desk) -> None:
    desk.go_on.clear()
    caller = connected(door)
    caller.sendall(NOTHING)
    wait_until(lambda: len(desk.asked) == 1)
    caller.close()
    desk.go_on.set()
    wait_until(lambda: not desk.open_connections)


def test_a_caller_that_has_gone_meets_nobody_any_more(
    door: str, desk: Desk, ambushes: Ambushes, killed: list[str]
) -> None:
    delay = ambushes.lay("refund.before", Deed.DELAY)
    kill = ambushes.lay("refund.after", Deed.KILL)
    caller = connected(door)
    caller.sendall(NOTHING)
    assert delay.wait(5)
    caller.close()
    wait_until(lambda: len(desk.asked) == 1 and not desk.open_connections)
    assert (kill.caught, killed) == (0, [])


def test_no_thread_stays_when_the_doors_are_left(desk: Desk, ambushes: Ambushes) -> None:
    before = threading.active_count()
    held = ambushes.lay("refund.before", Deed.DELAY)
    gathering = ambushes.lay("capture.after", Deed.KILL, gather=2)
    with (
        desk.served() as url,
        ThreadPoolExecutor(2) as pool,
        urllib3.PoolManager(retries=False, timeout=5) as client,
    ):
        with Doors(ambushes, print) as doors:
            door = doors.gateway("orders-1", url)
            calls = [
                pool.submit(post, client, door, REFUND),
                pool.submit(post, client, door, "/v1/payment_intents/pi_1/capture"),
            ]
            assert held.wait(5)
            wait_until(lambda: gathering.standing == 1)
        began = time.monotonic()
        assert "RemoteDisconnected" in [call.result(5) for call in calls]
        assert time.monotonic() - began < 5
    assert threading.active_count() == before
