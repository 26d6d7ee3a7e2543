from collections import Counter

from store.chaos.faults import (
    WITH_CHILDREN,
    FaultKind,
    FaultProfile,
    InjectedFault,
    draw_faults,
    draw_faults_from_outside,
    kills_at,
)
from store.chaos.proxies.fault_rule import FaultRules
from store.chaos.proxies.points import POINTS

PROCESSES = (*WITH_CHILDREN, "inventory-rpc", "orders-work-1", "orders-work-2")
PROFILE = FaultProfile.of(seconds=50, kills=30)
KILLS = (FaultKind.KILL, FaultKind.KILL_CHILD, FaultKind.KILL_AT)


def of_kind(drawn: list[InjectedFault], *kinds: FaultKind) -> list[InjectedFault]:
    return [fault for fault in drawn if fault.kind in kinds]


def test_a_seed_draws_the_same_storm_each_time() -> None:
    assert draw_faults(7, PROFILE, PROCESSES) == draw_faults(7, PROFILE, PROCESSES)
    assert draw_faults(7, PROFILE, PROCESSES) != draw_faults(8, PROFILE, PROCESSES)


def test_a_storm_has_the_kills_it_was_asked_for() -> None:
    for seed in range(20):
        assert len(of_kind(draw_faults(seed, PROFILE, PROCESSES), *KILLS)) == 30


def test_every_process_is_killed_in_every_storm_and_postgresql_too() -> None:
    for seed in range(20):
        killed = Counter(
            each.subject for each in of_kind(draw_faults(seed, PROFILE, PROCESSES), FaultKind.KILL)
        )
        assert set(killed) == set(PROCESSES)
        assert max(killed.values()) - min(killed.values()) <= 1


def test_every_point_is_hit_in_some_storm() -> None:
    storms = [draw_faults(seed, PROFILE, PROCESSES) for seed in range(20)]
    assert {each.subject for storm in storms for each in of_kind(storm, FaultKind.KILL_AT)} == {
        *POINTS
    }


def test_every_rule_that_a_storm_asks_for_can_be_added() -> None:
    fault_rules = FaultRules()
    for seed in range(20):
        for each in of_kind(
            draw_faults(seed, PROFILE, PROCESSES), FaultKind.KILL_AT, FaultKind.DISTURB_AT
        ):
            fault_rules.add(each.subject, each.effect)


def test_a_storm_is_over_when_its_time_is_but_for_the_longest_stall() -> None:
    for each in draw_faults(3, PROFILE, PROCESSES):
        assert each.at >= 0
        assert each.at + each.seconds <= PROFILE.seconds


def test_from_outside_only_whole_processes_are_hit_and_each_is_killed_as_often_as_any_other() -> (
    None
):
    for seed in range(20):
        drawn = draw_faults_from_outside(seed, PROFILE, PROCESSES)
        assert {each.kind for each in drawn} == {
            FaultKind.KILL,
            FaultKind.STALL,
            FaultKind.RESTART,
            FaultKind.GATEWAY,
        }
        killed = Counter(each.subject for each in of_kind(drawn, FaultKind.KILL))
        assert (set(killed), killed.total()) == (set(PROCESSES), 30)
        assert max(killed.values()) - min(killed.values()) <= 1
    assert draw_faults_from_outside(7, PROFILE, PROCESSES) == draw_faults_from_outside(
        7, PROFILE, PROCESSES
    )


def test_kills_at_points_take_them_in_turn() -> None:
    planned = kills_at(("capture.after", "commit.before"), 5, seconds=50)
    assert [each.subject for each in planned][:3] == [
        "capture.after",
        "commit.before",
        "capture.after",
    ]
    assert [each.at for each in planned] == sorted(each.at for each in planned)
    assert {each.kind for each in planned} == {FaultKind.KILL_AT}
