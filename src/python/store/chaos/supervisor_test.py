import threading
import time
from collections.abc import Iterator

import pytest

from store.chaos.supervisor import Supervisor
from store.chaos.targets import FaultTarget
from store.cli.errors import Trouble
from store.server.grpc.testing import wait_until


class FakeTarget(FaultTarget):
    """A target that only records what was done to it."""

    def __init__(self, name: str, children: int = 1) -> None:
        super().__init__(name)
        self.running, self.children = True, children
        self.calls: list[str] = []

    @property
    def pid(self) -> int | None:
        return 1 if self.running else None

    @property
    def stalled(self) -> bool:
        return self.calls[-1:] == ["stalled"]

    def kill(self) -> None:
        self.calls.append("killed")
        self.running = False

    def kill_child(self) -> bool:
        self.calls.append("child killed")
        return self.children > 0

    def stall(self) -> None:
        self.calls.append("stalled")

    def resume(self) -> None:
        self.calls.append("resumed")

    def end(self) -> None:
        self.calls.append("ended")
        self.running = False

    def start(self) -> None:
        if not self.running:
            self.calls.append("started")
        self.running = True

    def why_not_ready(self) -> str:
        return "" if self.running else "it has ended"


@pytest.fixture
def target() -> FakeTarget:
    return FakeTarget("orders")


@pytest.fixture
def supervisor(target: FakeTarget) -> Iterator[Supervisor]:
    with Supervisor({"orders": target}).running() as supervisor:
        yield supervisor


def wait_until_alive(target: FakeTarget) -> None:
    wait_until(lambda: target.alive)


def test_the_killed_are_started_again(target: FakeTarget, supervisor: Supervisor) -> None:
    supervisor.kill("orders")
    wait_until_alive(target)
    assert target.calls == ["killed", "started"]
    assert supervisor.kills == {"orders": 1}
    assert not supervisor.ended_by_themselves


def test_the_killed_stay_dead_for_their_pause(target: FakeTarget, supervisor: Supervisor) -> None:
    before = time.monotonic()
    supervisor.kill("orders", pause=0.5)
    wait_until_alive(target)
    assert time.monotonic() - before >= 0.5


def test_every_kill_that_is_counted_has_hit_a_living_target(
    target: FakeTarget, supervisor: Supervisor
) -> None:
    supervisor.kill("orders", pause=60)
    supervisor.kill("orders", pause=60)
    assert target.calls == ["killed", "started", "killed"]
    assert supervisor.kills == {"orders": 2}


def test_one_that_ends_by_itself_is_started_again_and_counted(
    target: FakeTarget, supervisor: Supervisor
) -> None:
    target.running = False
    wait_until_alive(target)
    assert supervisor.ended_by_themselves == {"orders": 1}
    assert not supervisor.kills


def test_one_without_children_is_killed_whole(target: FakeTarget, supervisor: Supervisor) -> None:
    target.children = 0
    supervisor.kill_child("orders")
    wait_until_alive(target)
    assert target.calls == ["child killed", "killed", "started"]
    assert supervisor.kills == {"orders": 1}


def test_no_target_is_killed_while_it_is_stalled(
    target: FakeTarget, supervisor: Supervisor
) -> None:
    stalling = threading.Thread(target=supervisor.stall, args=("orders", 0.3))
    stalling.start()
    while not target.calls:
        time.sleep(0.01)
    supervisor.kill("orders")
    stalling.join()
    wait_until_alive(target)
    assert target.calls == ["stalled", "resumed", "killed", "started"]


def test_a_restart_is_in_order(target: FakeTarget, supervisor: Supervisor) -> None:
    supervisor.restart("orders")
    assert target.calls == ["ended", "started"]
    assert supervisor.restarts == {"orders": 1}


def test_in_the_end_every_target_runs() -> None:
    target = FakeTarget("orders")
    with Supervisor({"orders": target}).running() as supervisor:
        supervisor.kill("orders", pause=60)
    assert target.alive


def test_one_that_does_not_start_at_once_is_raised_in_the_end() -> None:
    class SlowStarter(FakeTarget):
        def start(self) -> None:
            super().start()
            if self.calls.count("started") == 1:
                self.running = False
                raise Trouble("not yet")

    target = SlowStarter("orders")
    with pytest.raises(Trouble, match="not yet"):
        kill_and_wait(target)
    assert target.calls == ["killed", "started", "started"]


def kill_and_wait(target: FakeTarget) -> None:
    with Supervisor({"orders": target}).running() as supervisor:
        supervisor.kill("orders")
        wait_until(lambda: target.calls.count("started") > 1)
