from collections import Counter

from store.chaos.faults import (
    PARTS,
    Kind,
    Mishap,
    Weather,
    kills_at,
    mishaps,
    mishaps_from_outside,
)
from store.chaos.proxies.fault_rule import Ambushes
from store.chaos.proxies.points import POINTS

PROCESSES = (*PARTS, "inventory-rpc", "orders-work-1", "orders-work-2")
WEATHER = Weather.of(seconds=50, kills=30)
KILLS = (Kind.KILL, Kind.KILL_A_PART, Kind.KILL_AT)


def of_kind(drawn: list[Mishap], *kinds: Kind) -> list[Mishap]:
    return [mishap for mishap in drawn if mishap.kind in kinds]


def test_a_seed_draws_the_same_storm_each_time() -> None:
    assert mishaps(7, WEATHER, PROCESSES) == mishaps(7, WEATHER, PROCESSES)
    assert mishaps(7, WEATHER, PROCESSES) != mishaps(8, WEATHER, PROCESSES)


def test_a_storm_has_the_kills_it_was_asked_for() -> None:
    for seed in range(20):
        assert len(of_kind(mishaps(seed, WEATHER, PROCESSES), *KILLS)) == 30


def test_every_process_is_killed_in_every_storm_and_postgresql_too() -> None:
    for seed in range(20):
        killed = Counter(
            each.what for each in of_kind(mishaps(seed, WEATHER, PROCESSES), Kind.KILL)
        )
        assert set(killed) == set(PROCESSES)
        assert max(killed.values()) - min(killed.values()) <= 1


def test_every_point_is_met_in_some_storm() -> None:
    storms = [mishaps(seed, WEATHER, PROCESSES) for seed in range(20)]
    assert {each.what for storm in storms for each in of_kind(storm, Kind.KILL_AT)} == {*POINTS}


def test_whatever_a_storm_asks_of_an_ambush_can_be_laid() -> None:
    ambushes = Ambushes()
    for seed in range(20):
        for each in of_kind(mishaps(seed, WEATHER, PROCESSES), Kind.KILL_AT, Kind.HARM_AT):
            ambushes.lay(each.what, each.deed)


def test_a_storm_is_over_when_its_time_is_but_for_the_longest_stall() -> None:
    for each in mishaps(3, WEATHER, PROCESSES):
        assert each.at >= 0
        assert each.at + each.seconds <= WEATHER.seconds


def test_from_outside_only_whole_processes_are_harmed_and_each_is_killed_as_often_as_any_other() -> (
    None
):
    for seed in range(20):
        drawn = mishaps_from_outside(seed, WEATHER, PROCESSES)
        assert {each.kind for each in drawn} == {Kind.KILL, Kind.STALL, Kind.RESTART, Kind.GATEWAY}
        killed = Counter(each.what for each in of_kind(drawn, Kind.KILL))
        assert (set(killed), killed.total()) == (set(PROCESSES), 30)
        assert max(killed.values()) - min(killed.values()) <= 1
    assert mishaps_from_outside(7, WEATHER, PROCESSES) == mishaps_from_outside(
        7, WEATHER, PROCESSES
    )


def test_kills_at_points_take_them_in_turn() -> None:
    planned = kills_at(("capture.after", "commit.before"), 5, seconds=50)
    assert [each.what for each in planned][:3] == [
        "capture.after",
        "commit.before",
        "capture.after",
    ]
    assert [each.at for each in planned] == sorted(each.at for each in planned)
    assert {each.kind for each in planned} == {Kind.KILL_AT}
