import threading
import time
from typing import Any, cast

import pytest

from store.chaos.faults import FaultKind, InjectedFault
from store.chaos.injector import FALLBACK_TARGET, FaultInjector
from store.chaos.proxies.fault_rule import Effect, FaultRules
from store.chaos.testbed import Testbed


class CallRecorder:
    """A supervisor and a gateway that only record the calls to them."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def __getattr__(self, method: str) -> Any:
        return lambda *arguments: self.calls.append((method, *arguments))


class FakeTestbed:
    """What an injector needs of a testbed, with real rules and nothing to harm."""

    def __init__(self) -> None:
        self.supervisor = CallRecorder()
        self.fault_rules = FaultRules()
        self.disturb_gateway = self.supervisor.disturb_gateway


@pytest.fixture
def testbed() -> FakeTestbed:
    return FakeTestbed()


def inject(
    testbed: FakeTestbed, *faults: InjectedFault, rule_seconds: float = 5.0
) -> FaultInjector:
    injector = FaultInjector(cast(Testbed, testbed), faults, rule_seconds=rule_seconds)
    injector.run()
    return injector


def test_each_fault_hits_its_subject(testbed: FakeTestbed) -> None:
    injector = inject(
        testbed,
        InjectedFault(0.00, FaultKind.KILL, "postgres", 1.5),
        InjectedFault(0.05, FaultKind.KILL_CHILD, "orders-1"),
        InjectedFault(0.10, FaultKind.STALL, "users", 2.0),
        InjectedFault(0.15, FaultKind.RESTART, "gateway"),
        InjectedFault(0.20, FaultKind.GATEWAY, "error_500", 0.3),
    )
    assert testbed.supervisor.calls == [
        ("kill", "postgres", 1.5),
        ("kill_child", "orders-1"),
        ("stall", "users", 2.0),
        ("restart", "gateway"),
        ("disturb_gateway", "error_500", 0.3),
    ]
    assert injector.injected == dict.fromkeys(
        (
            FaultKind.KILL,
            FaultKind.KILL_CHILD,
            FaultKind.STALL,
            FaultKind.RESTART,
            FaultKind.GATEWAY,
        ),
        1,
    )


def test_a_kill_at_a_point_hits_whoever_passes_there(testbed: FakeTestbed) -> None:
    killed: list[str] = []

    def pass_by() -> None:
        give_up = time.monotonic() + 5
        while not killed and time.monotonic() < give_up:
            testbed.fault_rules.apply("capture.after", "orders-2", killed.append)
            time.sleep(0.01)

    passing = threading.Thread(target=pass_by)
    passing.start()
    injector = inject(testbed, InjectedFault(0.0, FaultKind.KILL_AT, "capture.after"))
    passing.join()
    assert killed == ["orders-2"]
    assert injector.points_hit == {"capture.after": 1}
    assert testbed.supervisor.calls == []


def test_a_kill_that_no_call_passes_hits_a_worker(testbed: FakeTestbed) -> None:
    injector = inject(
        testbed, InjectedFault(0.0, FaultKind.KILL_AT, "void.before"), rule_seconds=0.1
    )
    assert [call[:2] for call in testbed.supervisor.calls] == [("kill", FALLBACK_TARGET)]
    assert not injector.points_hit


def test_another_effect_that_no_call_passes_hits_nobody(testbed: FakeTestbed) -> None:
    fault = InjectedFault(0.0, FaultKind.DISTURB_AT, "void.before", effect=Effect.DROP)
    injector = inject(testbed, fault, rule_seconds=0.1)
    assert (testbed.supervisor.calls, injector.injected) == ([], {})


def test_a_fault_that_cannot_be_injected_is_raised_and_ends_the_others(
    testbed: FakeTestbed,
) -> None:
    class Refusing(CallRecorder):
        def kill(self, name: str, _pause: float) -> None:
            raise RuntimeError(f"no such process: {name}")

    testbed.supervisor = Refusing()
    with pytest.raises(RuntimeError, match="no such process"):
        inject(
            testbed,
            InjectedFault(0.0, FaultKind.KILL, "nobody"),
            InjectedFault(60.0, FaultKind.STALL, "users"),
        )
    assert testbed.supervisor.calls == []
