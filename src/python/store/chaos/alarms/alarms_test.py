import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from store.chaos.alarms.alarms import AlarmResult, must_fire
from store.chaos.alarms.command import LIMITS
from store.chaos.alarms.plans import EXPECTED, PAGE, TICKET, Alarm, Fault
from store.chaos.alarms.report import as_json, show, wrongs
from store.monitoring.expressions import ExpressionKind, of_rules
from store.monitoring.programs import GRAFANA
from store.monitoring.time_lapse import RULES, time_lapse

DOWN, STUCK = Alarm("TargetDown", PAGE), Alarm("OrdersStuck", PAGE)
BLOCKED = Alarm("EventLoopBlocked", TICKET)


def result(fault: Fault, *fired: Alarm, still: Alarm | None = None) -> AlarmResult:
    return AlarmResult(fault, frozenset(fired), 8, 2, frozenset([still] if still else []))


def test_everything_that_is_expected_is_an_alert_of_ours() -> None:
    sites = {
        rule.location for rule in of_rules(GRAFANA / RULES) if rule.kind is ExpressionKind.ALERT
    }
    alerts = {site.partition(": ")[2] for site in sites}
    expected = {str(each.alarm) for fault in Fault for each in EXPECTED[fault]}
    assert len(expected) > 8
    assert expected - alerts == set()


def test_every_changed_limit_is_that_of_an_alert(tmp_path: Path) -> None:
    time_lapse(GRAFANA, tmp_path, 20, LIMITS)
    rules = {rule.location: rule.expr for rule in of_rules(tmp_path / RULES)}
    assert rules["alerts: OrdersStuck (page)"].endswith("> 6")
    assert rules["alerts: WorkerStalled (page)"].endswith("> 15")


def test_it_is_well_when_exactly_the_expected_has_fired_and_ended() -> None:
    assert result(Fault.NONE).is_well
    assert result(Fault.WORKER_KILLED, DOWN).is_well


def test_what_may_fire_may_also_not_fire() -> None:
    fired = must_fire(Fault.DATABASE_STOPPED)
    assert STUCK not in fired
    assert result(Fault.DATABASE_STOPPED, *fired).is_well
    assert result(Fault.DATABASE_STOPPED, *fired, STUCK).is_well


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (
            result(Fault.WORKER_KILLED),
            f"{DOWN} did not fire, although {EXPECTED[Fault.WORKER_KILLED][0].because}",
        ),
        (result(Fault.WORKER_KILLED, DOWN, STUCK), "OrdersStuck (page) fired for no reason"),
        (result(Fault.NONE, BLOCKED), "EventLoopBlocked (ticket) fired for no reason"),
        (
            result(Fault.WORKER_KILLED, DOWN, still=DOWN),
            "TargetDown (page) still fires after all was healed",
        ),
    ],
)
def test_whatever_is_wrong_is_said(wrong: AlarmResult, sentence: str) -> None:
    assert not wrong.is_well
    assert wrongs(wrong) == [sentence]


def test_the_table_and_the_json_say_the_same() -> None:
    results = [result(Fault.NONE), result(Fault.WORKER_KILLED, DOWN, BLOCKED)]
    output = io.StringIO()
    show(Console(file=output, width=160), results)
    assert "worker-killed: EventLoopBlocked (ticket) fired for no reason" in output.getvalue()
    control, killed = json.loads(as_json(results))
    assert (control["fired"], control["expected"], control["well"]) == ([], [], True)
    assert killed["fired"] == ["EventLoopBlocked (ticket)", "TargetDown (page)"]
    assert killed["expected"] == ["TargetDown (page)"]
    assert killed["wrongs"] == ["EventLoopBlocked (ticket) fired for no reason"]
