import threading
import time
from typing import Any, cast

import pytest

from store.chaos.faults import Kind, Mishap
from store.chaos.injector import ELSE, Wrecker
from store.chaos.proxies.fault_rule import Ambushes, Deed
from store.chaos.testbed import Ground


class Bystander:
    """A watch and a gateway that only remember what was asked of them."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def __getattr__(self, deed: str) -> Any:
        return lambda *facts: self.asked.append((deed, *facts))


class FakeGround:
    """What a wrecker needs of a ground, with real ambushes and nobody to harm."""

    def __init__(self) -> None:
        self.watch = Bystander()
        self.ambushes = Ambushes()
        self.confuse_gateway = self.watch.confuse_gateway


@pytest.fixture
def ground() -> FakeGround:
    return FakeGround()


def wreck(ground: FakeGround, *mishaps: Mishap, patience: float = 5.0) -> Wrecker:
    wrecker = Wrecker(cast(Ground, ground), mishaps, patience=patience)
    wrecker.wreak()
    return wrecker


def test_each_mishap_befalls_whom_it_is_meant_for(ground: FakeGround) -> None:
    wrecker = wreck(
        ground,
        Mishap(0.00, Kind.KILL, "postgres", 1.5),
        Mishap(0.05, Kind.KILL_A_PART, "orders-1"),
        Mishap(0.10, Kind.STALL, "users", 2.0),
        Mishap(0.15, Kind.RESTART, "gateway"),
        Mishap(0.20, Kind.GATEWAY, "error_500", 0.3),
    )
    assert ground.watch.asked == [
        ("kill", "postgres", 1.5),
        ("kill_a_part", "orders-1"),
        ("stall", "users", 2.0),
        ("restart", "gateway"),
        ("confuse_gateway", "error_500", 0.3),
    ]
    assert wrecker.harm == dict.fromkeys(
        (Kind.KILL, Kind.KILL_A_PART, Kind.STALL, Kind.RESTART, Kind.GATEWAY), 1
    )


def test_a_kill_at_a_step_befalls_whoever_passes_there(ground: FakeGround) -> None:
    killed: list[str] = []

    def pass_by() -> None:
        give_up = time.monotonic() + 5
        while not killed and time.monotonic() < give_up:
            ground.ambushes.passing("capture.after", "orders-2", killed.append)
            time.sleep(0.01)

    passing = threading.Thread(target=pass_by)
    passing.start()
    wrecker = wreck(ground, Mishap(0.0, Kind.KILL_AT, "capture.after"))
    passing.join()
    assert killed == ["orders-2"]
    assert wrecker.met == {"capture.after": 1}
    assert ground.watch.asked == []


def test_a_kill_that_waits_in_vain_befalls_a_worker(ground: FakeGround) -> None:
    wrecker = wreck(ground, Mishap(0.0, Kind.KILL_AT, "void.before"), patience=0.1)
    assert [asked[:2] for asked in ground.watch.asked] == [("kill", ELSE)]
    assert not wrecker.met


def test_harm_that_waits_in_vain_befalls_nobody(ground: FakeGround) -> None:
    mishap = Mishap(0.0, Kind.HARM_AT, "void.before", deed=Deed.DROP)
    wrecker = wreck(ground, mishap, patience=0.1)
    assert (ground.watch.asked, wrecker.harm) == ([], {})


def test_a_mishap_that_cannot_happen_is_told_and_ends_the_others(ground: FakeGround) -> None:
    class Refusing(Bystander):
        def kill(self, name: str, _pause: float) -> None:
            raise RuntimeError(f"no such process: {name}")

    ground.watch = Refusing()
    with pytest.raises(RuntimeError, match="no such process"):
        wreck(ground, Mishap(0.0, Kind.KILL, "nobody"), Mishap(60.0, Kind.STALL, "users"))
    assert ground.watch.asked == []
