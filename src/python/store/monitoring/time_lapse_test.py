from pathlib import Path
from typing import Any

import pytest
import yaml

from store.monitoring.time_lapse import NoLimit, faster, shorter, time_lapse

CONFIGURATION = """
global: {scrape_interval: 15s, scrape_timeout: 10s, evaluation_interval: 15s}
rule_files: [rules/*.yaml]
scrape_configs:
  - job_name: 5m
    file_sd_configs: [{files: [targets/*.json], refresh_interval: 1m}]
"""
RULES = """
groups:
  - name: one
    interval: 1m
    rules:
      - {record: "job:a:rate5m", expr: "rate(a[5m])"}
      - {alert: Late, expr: "max(age_seconds) > 120", for: 2m, labels: {severity: page}}
"""


@pytest.fixture
def grafana(tmp_path: Path) -> Path:
    folder = tmp_path / "grafana"
    (folder / "rules").mkdir(parents=True)
    (folder / "prometheus.yml").write_text(CONFIGURATION)
    (folder / "rules" / "ours.yaml").write_text(RULES)
    return folder


def read(file: Path) -> Any:
    return yaml.safe_load(file.read_text())


def test_configuration_and_rules_run_faster(grafana: Path, tmp_path: Path) -> None:
    time_lapse(grafana, tmp_path / "fast", 20)
    configuration = read(tmp_path / "fast" / "prometheus.yml")
    times = {"scrape_interval": "750ms", "scrape_timeout": "500ms", "evaluation_interval": "750ms"}
    assert configuration["global"] == times
    assert configuration["rule_files"] == ["rules/*.yaml"]
    (scraped,) = configuration["scrape_configs"]
    assert scraped["job_name"] == "5m"
    assert scraped["file_sd_configs"][0]["refresh_interval"] == "3000ms"
    (group,) = read(tmp_path / "fast" / "rules" / "ours.yaml")["groups"]
    recording, alert = group["rules"]
    assert group["interval"] == "3000ms"
    assert recording == {"record": "job:a:rate5m", "expr": "rate(a[15000ms])"}
    assert (alert["expr"], alert["for"]) == ("max(age_seconds) > 120", "6000ms")
    assert (tmp_path / "fast" / "targets").is_dir()


def test_an_alert_may_have_another_limit(grafana: Path, tmp_path: Path) -> None:
    time_lapse(grafana, tmp_path / "fast", 20, {"Late": 6})
    (group,) = read(tmp_path / "fast" / "rules" / "ours.yaml")["groups"]
    assert group["rules"][1]["expr"] == "max(age_seconds) > 6"


def test_a_limit_for_an_alert_that_has_none_is_refused(grafana: Path, tmp_path: Path) -> None:
    rules = grafana / "rules" / "ours.yaml"
    rules.write_text(RULES.replace(" > 120", ""))
    with pytest.raises(NoLimit, match="Late"):
        time_lapse(grafana, tmp_path / "fast", 20, {"Late": 6})


@pytest.mark.parametrize(
    ("expr", "fast"),
    [
        ("max_over_time(a[1h:5m])", "max_over_time(a[180000ms:15000ms])"),
        ("a offset 1h30m > 5", "a offset 270000ms > 5"),
        ('a{path="[5m]"} + 5', 'a{path="[5m]"} + 5'),
        ("job:a:rate5m > 0.5", "job:a:rate5m > 0.5"),
        ("a[20s] @ 1609746000", "a[1000ms] @ 1609746000"),
    ],
)
def test_only_durations_are_changed(expr: str, fast: str) -> None:
    assert faster(expr, 20) == fast


def test_no_duration_becomes_nothing() -> None:
    assert (shorter("1ms", 20), shorter("30d", 20)) == ("1ms", "129600000ms")
