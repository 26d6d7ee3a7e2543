import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from store.chaos.proxies import fault_rule as module
from store.chaos.proxies.fault_rule import Ambushes, Deed
from store.server.grpc.testing import wait_until

POINT = "capture.after"


def nobody(caller: str) -> None:
    raise AssertionError(f"{caller} was to live")


def test_an_ambush_springs_as_often_as_it_was_laid_for(ambushes: Ambushes) -> None:
    ambush = ambushes.lay(POINT, Deed.DROP, times=2)
    assert ambush.wait(0) is False
    met = [ambushes.passing(POINT, caller, nobody) for caller in ("a", "b", "c")]
    assert met == [Deed.DROP, Deed.DROP, None]
    assert ([caller for caller, _ in ambush.sprung], ambush.caught) == (["a", "b"], 2)
    assert ambush.wait(0) is True


def test_it_lets_other_callers_and_other_points_pass(ambushes: Ambushes) -> None:
    ambush = ambushes.lay(POINT, Deed.DROP, caller="orders-1")
    assert ambushes.passing(POINT, "orders-2", nobody) is None
    assert ambushes.passing("capture.before", "orders-1", nobody) is None
    assert ambushes.passing(POINT, "orders-1", nobody) is Deed.DROP
    assert ambush.caught == 1


def test_who_was_laid_first_springs_first(ambushes: Ambushes) -> None:
    ambushes.lay(POINT, Deed.DELAY)
    ambushes.lay(POINT, Deed.TWICE)
    met = [ambushes.passing(POINT, "a", nobody) for _ in range(3)]
    assert met == [Deed.DELAY, Deed.TWICE, None]


def test_the_caller_is_gone_when_anyone_hears_of_it(ambushes: Ambushes) -> None:
    ambush = ambushes.lay(POINT, Deed.KILL)
    gone = threading.Event()
    heard_before: list[bool] = []

    def kill(_caller: str) -> None:
        heard_before.append(ambush.wait(0.1) or bool(ambush.sprung))
        gone.set()

    assert ambushes.passing(POINT, "orders-1", kill) is Deed.KILL
    assert gone.is_set()
    assert heard_before == [False]
    assert ambush.wait(0)


def test_a_killer_who_fails_is_not_taken_for_a_success(ambushes: Ambushes) -> None:
    ambush = ambushes.lay(POINT, Deed.KILL)
    with pytest.raises(AssertionError, match="was to live"):
        ambushes.passing(POINT, "orders-1", nobody)
    assert ambush.sprung == []
    assert not ambush.wait(0)


def test_it_is_not_over_while_one_of_its_killers_is_still_at_work(ambushes: Ambushes) -> None:
    ambush = ambushes.lay(POINT, Deed.KILL, times=2)
    done = threading.Event()

    def kill(caller: str) -> None:
        assert caller == "quick" or done.wait(5)

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(ambushes.passing, POINT, "slow", kill)
        wait_until(lambda: ambush.times_left == 1)
        assert ambushes.passing(POINT, "quick", kill) is Deed.KILL
        assert not ambush.wait(0)
        done.set()
        assert slow.result(5) is Deed.KILL
    assert ambush.wait(0)
    assert [caller for caller, _ in ambush.sprung] == ["quick", "slow"]


def test_of_many_calls_at_once_only_so_many_are_met(ambushes: Ambushes) -> None:
    ambush = ambushes.lay(POINT, Deed.DROP, times=7)
    with ThreadPoolExecutor(16) as pool:
        met = list(pool.map(lambda _: ambushes.passing(POINT, "a", nobody), range(200)))
    assert (met.count(Deed.DROP), ambush.caught, len(ambush.sprung)) == (7, 7, 7)


def test_calls_gather_until_there_are_enough_and_perish_together(
    ambushes: Ambushes, killed: list[str]
) -> None:
    ambush = ambushes.lay(POINT, Deed.KILL, gather=5)
    with ThreadPoolExecutor(9) as pool:
        first = [pool.submit(ambushes.passing, POINT, "a", killed.append) for _ in range(4)]
        wait_until(lambda: ambush.standing == 4)
        # Whoever comes from another process is not of them.
        assert ambushes.passing(POINT, "b", killed.append) is None
        assert (killed, [one.done() for one in first]) == ([], [False] * 4)
        last = ambushes.passing(POINT, "a", killed.append)
        assert [last, *(one.result(5) for one in first)] == [Deed.KILL] * 5
    assert (killed, ambush.caught, len(ambush.sprung)) == (["a"], 5, 1)
    assert ambushes.passing(POINT, "a", killed.append) is None


def test_too_few_calls_perish_all_the_same_in_the_end(
    ambushes: Ambushes, killed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GATHER_SECONDS", 0.5)
    ambush = ambushes.lay(POINT, Deed.KILL, gather=5)
    began = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        met = list(pool.map(lambda _: ambushes.passing(POINT, "a", killed.append), range(2)))
    assert 0.5 <= time.monotonic() - began < 5
    assert (met, killed, ambush.caught) == ([Deed.KILL] * 2, ["a"], 2)


def test_what_is_cleared_harms_nobody(ambushes: Ambushes) -> None:
    ambush = ambushes.lay(POINT, Deed.KILL, gather=2)
    ambushes.lay("reserve.before", Deed.KILL)
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(ambushes.passing, POINT, "a", nobody)
        wait_until(lambda: ambush.standing == 1)
        ambushes.clear()
        assert held.result(1) is None
    assert ambushes.passing(POINT, "a", nobody) is None
    assert ambushes.passing("reserve.before", "a", nobody) is None
    assert ambush.caught == 0
    assert not ambush.wait(0)


@pytest.mark.parametrize(
    ("point", "deed"),
    [("capture.during", Deed.KILL), ("capture", Deed.KILL), ("capture.after", Deed.DOWN)],
)
def test_no_ambush_is_laid_where_it_makes_no_sense(
    ambushes: Ambushes, point: str, deed: Deed
) -> None:
    with pytest.raises(ValueError, match=point):
        ambushes.lay(point, deed)
