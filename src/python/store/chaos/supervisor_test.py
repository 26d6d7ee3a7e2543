import threading
import time
from collections.abc import Iterator

import pytest

from store.chaos.supervisor import Watch
from store.chaos.targets import Victim
from store.devstack.errors import Trouble
from store.server.grpc.testing import wait_until


class Someone(Victim):
    """A process that only remembers what was done to it."""

    def __init__(self, name: str, parts: int = 1) -> None:
        super().__init__(name)
        self.lives, self.parts = True, parts
        self.suffered: list[str] = []

    @property
    def pid(self) -> int | None:
        return 1 if self.lives else None

    @property
    def stalled(self) -> bool:
        return self.suffered[-1:] == ["stalled"]

    def kill(self) -> None:
        self.suffered.append("killed")
        self.lives = False

    def kill_a_part(self) -> bool:
        self.suffered.append("part killed")
        return self.parts > 0

    def stall(self) -> None:
        self.suffered.append("stalled")

    def go_on(self) -> None:
        self.suffered.append("goes on")

    def end(self) -> None:
        self.suffered.append("ended")
        self.lives = False

    def start(self) -> None:
        if not self.lives:
            self.suffered.append("started")
        self.lives = True

    def why_not_ready(self) -> str:
        return "" if self.lives else "it has ended"


@pytest.fixture
def one() -> Someone:
    return Someone("orders")


@pytest.fixture
def watch(one: Someone) -> Iterator[Watch]:
    with Watch({"orders": one}).running() as watch:
        yield watch


def wait_until_alive(one: Someone) -> None:
    wait_until(lambda: one.alive)


def test_the_killed_come_back(one: Someone, watch: Watch) -> None:
    watch.kill("orders")
    wait_until_alive(one)
    assert one.suffered == ["killed", "started"]
    assert watch.kills == {"orders": 1}
    assert not watch.ended_by_themselves


def test_the_killed_stay_away_for_their_pause(one: Someone, watch: Watch) -> None:
    before = time.monotonic()
    watch.kill("orders", pause=0.5)
    wait_until_alive(one)
    assert time.monotonic() - before >= 0.5


def test_every_kill_that_is_counted_has_hit_somebody(one: Someone, watch: Watch) -> None:
    watch.kill("orders", pause=60)
    watch.kill("orders", pause=60)
    assert one.suffered == ["killed", "started", "killed"]
    assert watch.kills == {"orders": 2}


def test_one_that_ends_by_itself_comes_back_and_is_counted(one: Someone, watch: Watch) -> None:
    one.lives = False
    wait_until_alive(one)
    assert watch.ended_by_themselves == {"orders": 1}
    assert not watch.kills


def test_one_without_parts_is_killed_whole(one: Someone, watch: Watch) -> None:
    one.parts = 0
    watch.kill_a_part("orders")
    wait_until_alive(one)
    assert one.suffered == ["part killed", "killed", "started"]
    assert watch.kills == {"orders": 1}


def test_nobody_is_killed_while_it_is_stalled(one: Someone, watch: Watch) -> None:
    stalling = threading.Thread(target=watch.stall, args=("orders", 0.3))
    stalling.start()
    while not one.suffered:
        time.sleep(0.01)
    watch.kill("orders")
    stalling.join()
    wait_until_alive(one)
    assert one.suffered == ["stalled", "goes on", "killed", "started"]


def test_a_restart_is_in_order(one: Someone, watch: Watch) -> None:
    watch.restart("orders")
    assert one.suffered == ["ended", "started"]
    assert watch.restarts == {"orders": 1}


def test_in_the_end_everybody_is_up() -> None:
    one = Someone("orders")
    with Watch({"orders": one}).running() as watch:
        watch.kill("orders", pause=60)
    assert one.alive


def test_one_that_does_not_come_back_at_once_is_told_in_the_end() -> None:
    class Reluctant(Someone):
        def start(self) -> None:
            super().start()
            if self.suffered.count("started") == 1:
                self.lives = False
                raise Trouble("not yet")

    one = Reluctant("orders")
    with pytest.raises(Trouble, match="not yet"):
        kill_and_wait(one)
    assert one.suffered == ["killed", "started", "started"]


def kill_and_wait(one: Someone) -> None:
    with Watch({"orders": one}).running() as watch:
        watch.kill("orders")
        wait_until(lambda: one.suffered.count("started") > 1)
