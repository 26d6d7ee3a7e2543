"""Every PromQL expression of our dashboards and rules, with where it stands."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

_LEGEND = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_IN_AN_ANNOTATION = re.compile(r"\$labels\.(\w+)")
_ALL_VALUES = re.compile(r"label_values\((?:(?P<selector>.+),)?\s*(?P<label>\w+)\s*\)", re.DOTALL)
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::\w+)?\}|(\w+))")


class ExpressionKind(StrEnum):
    """Who asks."""

    PANEL = "panel"
    VARIABLE = "variable"
    MARK = "mark"  # what a dashboard marks over time in every panel
    RECORDING = "recording rule"
    ALERT = "alert"


@dataclass(frozen=True)
class Expression:
    """One expression as it is written; `labels` are those that the text beside its values names."""

    kind: ExpressionKind
    location: str
    expr: str
    labels: frozenset[str] = frozenset()

    def filled(self, values: Mapping[str, str]) -> str:
        """What Prometheus is asked once a dashboard's variables have these values.

        A variable without a value stays as it is, which is no PromQL.
        """

        def value(found: re.Match[str]) -> str:
            return values.get(found[1] or found[2], found[0])

        return _VARIABLE.sub(value, self.expr) if self.kind in _IN_DASHBOARDS else self.expr


_IN_DASHBOARDS = frozenset({ExpressionKind.PANEL, ExpressionKind.VARIABLE, ExpressionKind.MARK})


def of_dashboards(folder: Path) -> list[Expression]:
    """Those of all panels, variables and marks of the dashboards that lie in a folder as JSON."""
    found = list[Expression]()
    for file in sorted(folder.glob("*.json")):
        found += of_dashboard(json.loads(file.read_text()), file.stem)
    return found


def of_dashboard(dashboard: Mapping[str, Any], name: str) -> Iterator[Expression]:
    for panel in _panels(dashboard["panels"]):
        for target in panel.get("targets", []):
            location = f"{name}: {panel['title']}: {target['refId']}"
            yield _shown(
                ExpressionKind.PANEL, location, target["expr"], target.get("legendFormat") or ""
            )
    for variable in dashboard.get("templating", {}).get("list", []):
        if variable["type"] == "query":
            yield _choice(f"{name}: ${variable['name']}", variable["query"])
    for mark in dashboard.get("annotations", {}).get("list", []):
        if expr := mark.get("expr"):
            text = f"{mark.get('titleFormat', '')} {mark.get('textFormat', '')}"
            yield _shown(ExpressionKind.MARK, f"{name}: {mark['name']}", expr, text)


def of_rules(folder: Path) -> list[Expression]:
    """Those of all rules that lie in a folder as YAML."""
    return [
        _rule(file.stem, rule)
        for file in sorted(folder.glob("*.yaml"))
        for group in yaml.safe_load(file.read_text())["groups"]
        for rule in group["rules"]
    ]


def rule_names(text: str) -> list[str]:
    """The name of every rule in the text of a file; none if it is no file of rules."""
    groups = (yaml.safe_load(text) or {}).get("groups", [])
    return [rule.get("alert") or rule["record"] for group in groups for rule in group["rules"]]


def variables(folder: Path) -> Mapping[str, str]:
    """What each choice of a dashboard's reader is when he has chosen nothing: everything."""
    named = dict[str, str]()
    for file in sorted(folder.glob("*.json")):
        for variable in json.loads(file.read_text()).get("templating", {}).get("list", []):
            named[variable["name"]] = variable.get("allValue") or ".*"
    return named


def _panels(panels: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Each panel, also of rows that are folded up."""
    for panel in panels:
        yield panel
        yield from _panels(panel.get("panels", []))


def _shown(kind: ExpressionKind, location: str, expr: str, text: str) -> Expression:
    return Expression(kind, location, expr, frozenset(_LEGEND.findall(text)))


def _choice(location: str, query: str | Mapping[str, str]) -> Expression:
    """What a variable offers: the values of a label."""
    asked = query if isinstance(query, str) else query["query"]
    found = _ALL_VALUES.fullmatch(asked.strip())
    if found is None:
        return Expression(ExpressionKind.VARIABLE, location, asked)
    selector = found["selector"] or f'{{{found["label"]}!=""}}'
    return Expression(ExpressionKind.VARIABLE, location, selector, frozenset({found["label"]}))


def _rule(file: str, rule: Mapping[str, Any]) -> Expression:
    if "record" in rule:
        return Expression(ExpressionKind.RECORDING, f"{file}: {rule['record']}", rule["expr"])
    severity = rule.get("labels", {}).get("severity", "")
    texts = " ".join([*rule.get("annotations", {}).values(), *rule.get("labels", {}).values()])
    labels = frozenset(_IN_AN_ANNOTATION.findall(texts))
    return Expression(
        ExpressionKind.ALERT, f"{file}: {rule['alert']} ({severity})", rule["expr"], labels
    )
