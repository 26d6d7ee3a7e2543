"""Our configuration and rules as if time ran faster, so that a test need not wait for hours."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import promql_parser as promql
import yaml

CONFIGURATION, RULES, TARGETS = "prometheus.yml", "rules", "targets"
_DURATIONS = frozenset(
    {
        *("scrape_interval", "scrape_timeout", "evaluation_interval", "refresh_interval"),
        *("interval", "for", "keep_firing_for"),
    }
)
# A string, in which nothing is a duration; or what stands in brackets; or what follows `offset`.
_TOKEN = re.compile(
    r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)|(\[[^\]]*\]|\boffset\s+-?\s*[\d\w]+)"""
)
_DURATION = re.compile(r"(?<![\w.])(?:\d+(?:ms|[smhdwy]))+")
_LIMIT = re.compile(r"(?P<comparison>[<>]=?)\s*[\d.e]+\s*\Z")

Limits = Mapping[str, float]


class NoLimit(Exception):
    """An alert that should have another limit compares its expression with no number at its end."""


def time_lapse(grafana: Path, into: Path, factor: float, limits: Limits | None = None) -> None:
    """A copy of the configuration and the rules in `grafana` in which time runs `factor` times as fast.

    Every duration is divided: of scrapes, of evaluations, of what an expression looks back on, of how
    long an alert waits. Numbers stay, also those that are seconds: an order is no younger because we
    are in a hurry. `limits` gives alerts, by name, another number to compare their expression with.
    """
    (into / RULES).mkdir(parents=True, exist_ok=True)
    (into / TARGETS).mkdir(exist_ok=True)
    files = [CONFIGURATION, *(f"{RULES}/{file.name}" for file in grafana.glob(f"{RULES}/*.yaml"))]
    for name in files:
        (into / name).write_text(faster_file((grafana / name).read_text(), factor, limits))


def faster_file(text: str, factor: float, limits: Limits | None = None) -> str:
    """The text of a configuration or of a file of rules, changed in the same way."""
    changed = _Faster(factor, limits or {}).of(yaml.safe_load(text))
    return yaml.safe_dump(changed, sort_keys=False)


def faster(expr: str, factor: float) -> str:
    """The expression with every duration divided."""

    def shorten(found: re.Match[str]) -> str:
        return found[1] or _DURATION.sub(lambda each: shorter(each[0], factor), found[2])

    return _TOKEN.sub(shorten, expr)


def shorter(duration: str, factor: float) -> str:
    """A duration as Prometheus writes it, divided: `5m` by 20 is `15000ms`."""
    return f"{max(1, round(promql.parse_duration(duration).total_seconds() * 1000 / factor))}ms"


class _Faster:
    """Walks through what was read from YAML."""

    def __init__(self, factor: float, limits: Limits) -> None:
        self._factor, self._limits = factor, limits

    def of(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self.of(each) for each in node]
        if isinstance(node, dict):
            return {name: self._value(name, value, node) for name, value in node.items()}
        return node

    def _value(self, name: str, value: Any, around: Mapping[str, Any]) -> Any:
        if name in _DURATIONS:
            return shorter(str(value), self._factor)
        if name == "expr":
            return self._expr(value, around.get("alert", ""))
        return self.of(value)

    def _expr(self, expr: str, alert: str) -> str:
        limit = self._limits.get(alert)
        if limit is not None:
            expr, changed = _LIMIT.subn(rf"\g<comparison> {limit:g}", expr)
            if not changed:
                raise NoLimit(f"{alert}: {expr}")
        return faster(expr, self._factor)
