from pathlib import Path

import pytest
import yaml

from store.chaos.containers.fast_clock import AGES, with_fast_prometheus
from store.chaos.containers.manifest import UnsupportedManifest
from store.charttest.objects import Objects
from store.charttest.testing import rendered
from store.monitoring.expressions import ExpressionKind, of_rules
from store.monitoring.programs import GRAFANA

RULES = {
    each.location: each.expr
    for each in of_rules(Path(GRAFANA, "rules"))
    if each.kind is ExpressionKind.ALERT
}


def data_of(objects: Objects, name: str) -> dict[str, str]:
    return dict(objects.one("ConfigMap", name).manifest["data"])


def test_prometheus_scrapes_evaluates_and_forgets_as_much_faster() -> None:
    fast = with_fast_prometheus(rendered(), 3)
    times = yaml.safe_load(data_of(fast, "store-prometheus")["prometheus.yml"])["global"]
    assert times["scrape_interval"] == times["evaluation_interval"] == "5000ms"
    rules = data_of(fast, "store-rules")["alerts.yaml"]
    assert "last_over_time(worker_last_step_timestamp_seconds[15000ms]) > 20" in rules
    assert "max(last_over_time(orders_oldest_pending_seconds[15000ms])) > 40" in rules
    args = fast.pods_of("prometheus")[0].containers[0].args
    assert args[:-1] == rendered().pods_of("prometheus")[0].containers[0].args
    assert args[-1] == "--query.lookback-delta=100000ms"


def test_nothing_else_of_the_release_differs() -> None:
    changed = {
        str(fast)
        for fast, slow in zip(with_fast_prometheus(rendered(), 3), rendered(), strict=True)
        if fast != slow
    }
    parts = {"StatefulSet/store-prometheus", "ConfigMap/store-prometheus", "ConfigMap/store-rules"}
    assert changed == parts


@pytest.mark.parametrize("alert", AGES)
def test_the_ages_are_those_that_alerts_compare(alert: str) -> None:
    (expr,) = (expr for place, expr in RULES.items() if f" {alert} (" in place)
    assert expr.endswith(f"> {AGES[alert]}")


def test_a_release_without_prometheus_is_refused() -> None:
    with pytest.raises(UnsupportedManifest, match="0 Prometheus"):
        with_fast_prometheus(Objects(), 3)
