import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.monitoring.programs import CannotWatch
from store.monitoring.prometheus import Prometheus, QueryRefused

CONFIG = """
global: {scrape_interval: 100ms, scrape_timeout: 100ms, evaluation_interval: 100ms}
rule_files: [rules.yaml]
scrape_configs:
  - job_name: itself
    metrics_path: /nothing
    static_configs: [{targets: ["127.0.0.1:1"]}]
"""
RULES = """
groups:
  - name: ours
    rules:
      - {record: "job:down:sum", expr: "sum by (job) (1 - up)"}
      - {alert: Down, expr: "up == 0", labels: {severity: page}}
"""


@pytest.fixture(scope="module")
def prometheus(
    prometheus_path: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "prometheus.yml").write_text(CONFIG)
    (folder / "rules.yaml").write_text(RULES)
    with Prometheus(folder) as running:
        give_up = time.monotonic() + 20
        while not running.query("job:down:sum"):
            assert time.monotonic() < give_up
            time.sleep(0.05)
        yield running
    assert not running.is_ready()


def test_it_answers_queries(prometheus: Prometheus) -> None:
    (sample,) = prometheus.query("up")
    assert (sample.name, sample.labels["job"], sample.value) == ("up", "itself", 0)
    assert sample.at == pytest.approx(time.time(), abs=5)
    (scalar,) = prometheus.query("1 + 1")
    assert (scalar.name, scalar.value) == ("", 2)
    assert prometheus.query("up", at=time.time() - 3600) == []


def test_it_answers_ranges(prometheus: Prometheus) -> None:
    now = time.time()
    (series,) = prometheus.query_range("job:down:sum", now - 1, now + 1, 0.5)
    assert series.labels["job"] == "itself"
    assert {value for _, value in series.values} == {1}


def test_it_tells_what_was_scraped(prometheus: Prometheus) -> None:
    (series,) = prometheus.scraped("up", 60)
    times = [at for at, _ in series.values]
    assert times == sorted(set(times))
    assert {value for _, value in series.values} == {0}


def test_it_knows_its_series_and_their_labels(prometheus: Prometheus) -> None:
    assert [found["instance"] for found in prometheus.series("up")] == ["127.0.0.1:1"]
    assert prometheus.series("upp") == []
    assert prometheus.label_values("job") == ["itself"]
    assert prometheus.label_values("instance", 'up{job="other"}') == []


def test_it_tells_of_its_targets_its_rules_and_its_alerts(prometheus: Prometheus) -> None:
    (target,) = prometheus.targets()
    assert (target["health"], target["labels"]["job"]) == ("down", "itself")
    names = {rule["name"]: (rule["type"], rule["health"]) for rule in prometheus.rules()}
    assert names == {"job:down:sum": ("recording", "ok"), "Down": ("alerting", "ok")}
    (alert,) = prometheus.alerts()
    assert (alert["labels"]["alertname"], alert["state"]) == ("Down", "firing")


def test_a_query_that_is_none_is_refused_with_the_reason(prometheus: Prometheus) -> None:
    with pytest.raises(QueryRefused, match="unknown function"):
        prometheus.query("rrate(up[1m])")


@pytest.mark.usefixtures("prometheus_path")
def test_a_bad_configuration_is_told_as_prometheus_tells_it(tmp_path: Path) -> None:
    (tmp_path / "prometheus.yml").write_text("scrape: everything")
    with pytest.raises(match="field scrape not found"), Prometheus(tmp_path):
        pass


def test_where_it_is_not_installed_one_is_told_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.monitoring.programs.BESIDES", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotWatch, match="apt-get install prometheus"), Prometheus(tmp_path):
        pass
