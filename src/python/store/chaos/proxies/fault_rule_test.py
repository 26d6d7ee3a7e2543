import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from store.chaos.proxies import fault_rule as module
from store.chaos.proxies.fault_rule import Effect, FaultRules
from store.server.grpc.testing import wait_until

POINT = "capture.after"


def nobody(caller: str) -> None:
    raise AssertionError(f"{caller} was to live")


def test_a_rule_hits_as_often_as_it_was_added_for(rules: FaultRules) -> None:
    rule = rules.add(POINT, Effect.DROP, times=2)
    assert rule.wait(0) is False
    effects = [rules.apply(POINT, caller, nobody) for caller in ("a", "b", "c")]
    assert effects == [Effect.DROP, Effect.DROP, None]
    assert ([caller for caller, _ in rule.hits], rule.calls_hit) == (["a", "b"], 2)
    assert rule.wait(0) is True


def test_it_lets_other_callers_and_other_points_pass(rules: FaultRules) -> None:
    rule = rules.add(POINT, Effect.DROP, caller="orders-1")
    assert rules.apply(POINT, "orders-2", nobody) is None
    assert rules.apply("capture.before", "orders-1", nobody) is None
    assert rules.apply(POINT, "orders-1", nobody) is Effect.DROP
    assert rule.calls_hit == 1


def test_the_rule_that_was_added_first_hits_first(rules: FaultRules) -> None:
    rules.add(POINT, Effect.DELAY)
    rules.add(POINT, Effect.TWICE)
    effects = [rules.apply(POINT, "a", nobody) for _ in range(3)]
    assert effects == [Effect.DELAY, Effect.TWICE, None]


def test_the_caller_is_gone_when_the_kill_is_reported(rules: FaultRules) -> None:
    rule = rules.add(POINT, Effect.KILL)
    gone = threading.Event()
    reported_before: list[bool] = []

    def kill(_caller: str) -> None:
        reported_before.append(rule.wait(0.1) or bool(rule.hits))
        gone.set()

    assert rules.apply(POINT, "orders-1", kill) is Effect.KILL
    assert gone.is_set()
    assert reported_before == [False]
    assert rule.wait(0)


def test_a_kill_that_fails_is_not_counted_as_a_hit(rules: FaultRules) -> None:
    rule = rules.add(POINT, Effect.KILL)
    with pytest.raises(AssertionError, match="was to live"):
        rules.apply(POINT, "orders-1", nobody)
    assert rule.hits == []
    assert not rule.wait(0)


def test_a_rule_is_not_used_up_while_one_of_its_kills_is_under_way(rules: FaultRules) -> None:
    rule = rules.add(POINT, Effect.KILL, times=2)
    done = threading.Event()

    def kill(caller: str) -> None:
        assert caller == "quick" or done.wait(5)

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(rules.apply, POINT, "slow", kill)
        wait_until(lambda: rule.times_left == 1)
        assert rules.apply(POINT, "quick", kill) is Effect.KILL
        assert not rule.wait(0)
        done.set()
        assert slow.result(5) is Effect.KILL
    assert rule.wait(0)
    assert [caller for caller, _ in rule.hits] == ["quick", "slow"]


def test_of_many_calls_at_once_only_so_many_are_hit(rules: FaultRules) -> None:
    rule = rules.add(POINT, Effect.DROP, times=7)
    with ThreadPoolExecutor(16) as pool:
        effects = list(pool.map(lambda _: rules.apply(POINT, "a", nobody), range(200)))
    assert (effects.count(Effect.DROP), rule.calls_hit, len(rule.hits)) == (7, 7, 7)


def test_calls_are_held_until_there_are_enough_and_are_hit_together(
    rules: FaultRules, killed: list[str]
) -> None:
    rule = rules.add(POINT, Effect.KILL, group_size=5)
    with ThreadPoolExecutor(9) as pool:
        first = [pool.submit(rules.apply, POINT, "a", killed.append) for _ in range(4)]
        wait_until(lambda: rule.calls_held == 4)
        # Whoever comes from another process is not of them.
        assert rules.apply(POINT, "b", killed.append) is None
        assert (killed, [one.done() for one in first]) == ([], [False] * 4)
        last = rules.apply(POINT, "a", killed.append)
        assert [last, *(one.result(5) for one in first)] == [Effect.KILL] * 5
    assert (killed, rule.calls_hit, len(rule.hits)) == (["a"], 5, 1)
    assert rules.apply(POINT, "a", killed.append) is None


def test_too_few_calls_are_hit_all_the_same_in_the_end(
    rules: FaultRules, killed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GROUP_SECONDS", 0.5)
    rule = rules.add(POINT, Effect.KILL, group_size=5)
    began = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        effects = list(pool.map(lambda _: rules.apply(POINT, "a", killed.append), range(2)))
    assert 0.5 <= time.monotonic() - began < 5
    assert (effects, killed, rule.calls_hit) == ([Effect.KILL] * 2, ["a"], 2)


def test_a_cleared_rule_hits_nobody(rules: FaultRules) -> None:
    rule = rules.add(POINT, Effect.KILL, group_size=2)
    rules.add("reserve.before", Effect.KILL)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(rules.apply, POINT, "a", nobody)
        wait_until(lambda: rule.calls_held == 1)
        rules.clear()
        assert waiting.result(1) is None
    assert rules.apply(POINT, "a", nobody) is None
    assert rules.apply("reserve.before", "a", nobody) is None
    assert rule.calls_hit == 0
    assert not rule.wait(0)


@pytest.mark.parametrize(
    ("point", "effect"),
    [("capture.during", Effect.KILL), ("capture", Effect.KILL), ("capture.after", Effect.DOWN)],
)
def test_no_rule_is_added_where_it_makes_no_sense(
    rules: FaultRules, point: str, effect: Effect
) -> None:
    with pytest.raises(ValueError, match=point):
        rules.add(point, effect)
