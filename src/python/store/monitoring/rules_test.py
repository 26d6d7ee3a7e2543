"""The real rules: Prometheus takes them, their unit tests pass, and none goes untested."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from store.monitoring.promtool import check_rules, run_tests
from store.monitoring.slos import RULES
from store.monitoring.syntax import Syntax
from store.monitoring.targets import SERVICE_OF
from store.monitoring.testing import RULE_FILES, rules

TESTS = sorted((RULES / "tests").glob("*.yaml"))


def cases(kind: str) -> Iterator[dict[str, Any]]:
    for file in TESTS:
        for test in yaml.safe_load(file.read_text())["tests"]:
            yield from test.get(kind, [])


def name_of(rule: dict[str, Any]) -> str:
    return str(rule.get("record") or f"{rule['alert']}-{rule['labels']['severity']}")


ALERTS = [pytest.param(rule, id=name_of(rule)) for rule in rules("alert")]
RECORDS = sorted({rule["record"] for rule in rules("record")})


@pytest.mark.usefixtures("promtool")
def test_prometheus_takes_the_rules() -> None:
    verdict = check_rules(RULE_FILES)
    assert verdict.ok, verdict.output
    assert len(re.findall("SUCCESS", verdict.output)) == len(RULE_FILES) == 5


@pytest.mark.usefixtures("promtool")
@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.stem)
def test_the_unit_tests_pass(file: Path) -> None:
    verdict = run_tests([file])
    assert verdict.ok, verdict.output
    assert "SUCCESS" in verdict.output


@pytest.mark.parametrize("rule", ALERTS)
def test_every_alert_is_fired_and_kept_quiet(rule: dict[str, Any]) -> None:
    expected = [
        [alert["exp_labels"]["severity"] for alert in case["exp_alerts"]]
        for case in cases("alert_rule_test")
        if case["alertname"] == rule["alert"]
    ]
    severity = rule["labels"]["severity"]
    assert any(severity in fired for fired in expected)
    assert any(severity not in fired for fired in expected)


def test_alerts_about_every_process_name_each_of_them() -> None:
    named = re.findall(r'job=~"([^"]+)"', "".join(file.read_text() for file in RULE_FILES))
    everybody = set(SERVICE_OF)
    assert [set(jobs.split("|")) for jobs in named] == [everybody - {"audit"}, everybody, everybody]


@pytest.mark.parametrize("rule", [*rules("alert"), *rules("record")], ids=name_of)
def test_a_rule_counts_only_what_was_scraped_lately(rule: dict[str, Any]) -> None:
    """A series without a range goes on for 5 minutes after its pod; what rules record ends with them."""
    selectors = Syntax(rule["expr"]).instant_selectors()
    assert [str(each) for each in selectors if ":" not in each.metric] == []


def test_no_unit_test_is_about_an_alert_that_there_is_not() -> None:
    known = {rule["alert"] for rule in rules("alert")}
    assert {case["alertname"] for case in cases("alert_rule_test")} == known


@pytest.mark.parametrize("record", RECORDS)
def test_every_recording_rule_is_tested_by_its_values(record: str) -> None:
    named = re.compile(rf"(?<![\w:]){re.escape(record)}(?![\w:])")
    asked = [case for case in cases("promql_expr_test") if named.search(case["expr"])]
    assert any(case["exp_samples"] for case in asked)


@pytest.mark.parametrize("rule", ALERTS)
def test_an_alert_says_who_is_called_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"page", "ticket"}
    annotations = rule["annotations"]
    assert annotations.keys() == {"summary", "description", "runbook_url"}
    assert annotations["runbook_url"] == f"grafana/runbooks.md#{rule['alert'].lower()}"
    assert annotations["summary"].endswith(".")
    assert annotations["description"].endswith(".")


@pytest.mark.usefixtures("promtool")
@pytest.mark.parametrize(
    ("file", "tests", "was", "becomes"),
    [
        ("alerts.yaml", "orders.yaml", "[45s])) > 120", "[45s])) > 60"),
        ("alerts.yaml", "processes.yaml", "for: 2m", "for: 4m"),
        ("alerts.yaml", "vanished.yaml", "[45s]", "[5m]"),
        ("audits.yaml", "vanished.yaml", "[45s]", "[5m]"),
        ("recording.yaml", "vanished.yaml", "[45s]", "[5m]"),
        ("alerts.yaml", "stock_and_money.yaml", "for: 5m", "for: 1m"),
        ("slos.yaml", "slos.yaml", "* 30 > 10", "* 30 > 5"),
        ("slos.yaml", "slos.yaml", "14.4 * 0.001", "28.8 * 0.001"),
        ("recording.yaml", "recording.yaml", 'outcome!~"ok|refused"', 'outcome!~"ok"'),
        ("recording.yaml", "recording.yaml", "or\n              0 * rate", "or\n              1 * rate"),
    ],
    ids=["a lower limit", "a longer wait", "alerts about pods that are gone", "findings of an auditor that is gone",
         "gauges of pods that are gone", "a shorter wait", "fewer failures", "a slower burn",
         "a no that is an error", "errors made up"],
)  # fmt: skip
def test_a_rule_that_is_not_what_it_was_fails_a_unit_test(
    tmp_path: Path, file: str, tests: str, was: str, becomes: str
) -> None:
    shutil.copytree(RULES, tmp_path / "rules")
    broken = tmp_path / "rules" / file
    text = broken.read_text()
    assert was in text
    broken.write_text(text.replace(was, becomes))
    verdict = run_tests([tmp_path / "rules" / "tests" / tests])
    assert not verdict.ok
    assert "exp:" in verdict.output
