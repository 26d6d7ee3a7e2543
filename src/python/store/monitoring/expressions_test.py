import json
from pathlib import Path

import pytest

from store.monitoring.expressions import (
    Expression,
    ExpressionKind,
    of_dashboard,
    of_dashboards,
    of_rules,
    variables,
)

DASHBOARD = {
    "panels": [
        {
            "title": "Errors",
            "targets": [{"refId": "A", "expr": "a", "legendFormat": "{{job}}, p9"}],
        },
        {
            "title": "A row",
            "panels": [{"title": "Folded", "targets": [{"refId": "B", "expr": "b"}]}],
        },
        {"title": "Words"},
    ],
    "templating": {
        "list": [
            {"type": "query", "name": "job", "query": 'label_values(up{service="a"}, job)'},
            {"type": "query", "name": "day", "query": {"query": "label_values(day)"}},
            {"type": "datasource", "name": "datasource", "query": "prometheus"},
        ]
    },
    "annotations": {
        "list": [
            {
                "name": "Starts",
                "expr": "c",
                "titleFormat": "{{ job }}",
                "textFormat": "{{version}}",
            },
            {"name": "Grafana's own"},
        ]
    },
}
RULES = """
groups:
  - name: one
    rules:
      - {record: "job:a:sum", expr: "sum by (job) (a)"}
      - alert: Down
        expr: up == 0
        labels: {severity: page}
        annotations: {summary: "{{ $labels.job }} is down at {{$labels.instance}}: {{ $value }}"}
"""


def test_every_expression_of_a_dashboard_is_found_with_its_place_and_its_labels() -> None:
    assert list(of_dashboard(DASHBOARD, "orders")) == [
        Expression(ExpressionKind.PANEL, "orders: Errors: A", "a", frozenset({"job"})),
        Expression(ExpressionKind.PANEL, "orders: Folded: B", "b"),
        Expression(ExpressionKind.VARIABLE, "orders: $job", 'up{service="a"}', frozenset({"job"})),
        Expression(ExpressionKind.VARIABLE, "orders: $day", '{day!=""}', frozenset({"day"})),
        Expression(ExpressionKind.MARK, "orders: Starts", "c", frozenset({"job", "version"})),
    ]


def test_every_expression_of_a_rule_is_found_with_its_place_and_its_labels(tmp_path: Path) -> None:
    (tmp_path / "ours.yaml").write_text(RULES)
    assert of_rules(tmp_path) == [
        Expression(ExpressionKind.RECORDING, "ours: job:a:sum", "sum by (job) (a)"),
        Expression(
            ExpressionKind.ALERT, "ours: Down (page)", "up == 0", frozenset({"job", "instance"})
        ),
    ]


def test_dashboards_are_read_from_their_files(tmp_path: Path) -> None:
    (tmp_path / "orders.json").write_text(json.dumps(DASHBOARD))
    assert of_dashboards(tmp_path) == list(of_dashboard(DASHBOARD, "orders"))
    assert variables(tmp_path) == {"job": ".*", "day": ".*", "datasource": ".*"}


@pytest.mark.parametrize(
    ("expr", "asked"),
    [
        ("rate(a[$__rate_interval])", "rate(a[20s])"),
        ('a{job=~"$job"}', 'a{job=~".*"}'),
        ('a{job=~"${job:regex}"}', 'a{job=~".*"}'),
        ("a[$unheard_of]", "a[$unheard_of]"),
    ],
)
def test_variables_are_filled_in(expr: str, asked: str) -> None:
    values = {"__rate_interval": "20s", "job": ".*"}
    assert Expression(ExpressionKind.PANEL, "", expr).filled(values) == asked


def test_a_rule_has_no_variables() -> None:
    expr = 'label_replace(a, "x", "$job", "y", "(?P<job>.*)")'
    assert Expression(ExpressionKind.ALERT, "", expr).filled({"job": "z"}) == expr
