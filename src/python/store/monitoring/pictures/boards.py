"""A dashboard as its JSON says it, as far as a picture of it needs."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Place:
    """Where a panel stands, in Grafana's grid of 24 columns."""

    x: int
    y: int
    w: int
    h: int


@dataclass(frozen=True)
class Target:
    """One query of a panel and how each of its series is called."""

    expr: str
    legend: str
    instant: bool


@dataclass(frozen=True)
class Threshold:
    """The colour of values from here on; the first step has no value."""

    value: float | None
    colour: str


@dataclass(frozen=True)
class Override:
    """The colour of those series whose name this matches."""

    pattern: str
    colour: str
    shades: bool

    def matches(self, name: str) -> bool:
        """Whether it is about this series."""
        return re.fullmatch(self.pattern, name) is not None


@dataclass(frozen=True)
class Panel:
    """One panel: `kind` is Grafana's name of its type, `columns` those of a table in their order."""

    kind: str
    title: str
    place: Place
    targets: Sequence[Target] = ()
    unit: str = "short"
    decimals: int | None = None
    minimum: float | None = None
    thresholds: Sequence[Threshold] = ()
    shows_thresholds: bool = False
    stacked: bool = False
    fill: float = 0.0
    no_value: str = ""
    overrides: Sequence[Override] = ()
    columns: Sequence[str] = ()


@dataclass(frozen=True)
class Mark:
    """Moments that are marked in every panel; `by_value`: the value is the time, in milliseconds."""

    expr: str
    colour: str
    by_value: bool


@dataclass(frozen=True)
class Board:
    """One dashboard; `variables` are what nobody has chosen yet: everything."""

    title: str
    name: str
    panels: Sequence[Panel]
    marks: Sequence[Mark] = ()
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many units of the grid it is high."""
        return max((panel.place.y + panel.place.h for panel in self.panels), default=1)

    @property
    def is_words(self) -> bool:
        """Whether all of it is to be read, and there is nothing to draw."""
        return all(panel.kind in {"row", "text"} for panel in self.panels)


def read_board(file: Path) -> Board:
    """The dashboard of a file."""
    said = json.loads(file.read_text())
    listed = said.get("templating", {}).get("list", [])
    return Board(
        said["title"],
        file.stem,
        list(_panels(said["panels"])),
        [_mark(each) for each in said.get("annotations", {}).get("list", []) if each.get("expr")],
        {each["name"]: each.get("allValue") or ".*" for each in listed},
    )


def _panels(said: Sequence[Mapping[str, Any]]) -> Iterator[Panel]:
    """Each panel, also of rows that are folded up."""
    for panel in said:
        yield _panel(panel)
        yield from _panels(panel.get("panels", []))


def _panel(said: Mapping[str, Any]) -> Panel:
    config = said.get("fieldConfig", {})
    defaults = config.get("defaults", {})
    custom = defaults.get("custom", {})
    return Panel(
        kind=said["type"],
        title=said.get("title", ""),
        place=Place(**said["gridPos"]),
        targets=[_target(each) for each in said.get("targets", [])],
        unit=defaults.get("unit", "short"),
        decimals=defaults.get("decimals"),
        minimum=defaults.get("min"),
        thresholds=_thresholds(defaults),
        shows_thresholds=custom.get("thresholdsStyle", {}).get("mode", "off") != "off",
        stacked=custom.get("stacking", {}).get("mode", "none") != "none",
        fill=custom.get("fillOpacity", 0) / 100,
        no_value=defaults.get("noValue", ""),
        overrides=list(_overrides(config.get("overrides", []))),
        columns=_columns(said.get("transformations", [])),
    )


def _target(said: Mapping[str, Any]) -> Target:
    return Target(said["expr"], said.get("legendFormat") or "", bool(said.get("instant")))


def _thresholds(defaults: Mapping[str, Any]) -> list[Threshold]:
    steps = (defaults.get("thresholds") or {}).get("steps", [])
    return [Threshold(step["value"], step["color"]) for step in steps]


def _overrides(said: Sequence[Mapping[str, Any]]) -> Iterator[Override]:
    for override in said:
        matcher = override["matcher"]
        name = str(matcher["options"])
        pattern = name.strip("/") if matcher["id"] == "byRegexp" else re.escape(name)
        for each in override["properties"]:
            if each["id"] == "color":
                value = each["value"]
                yield Override(pattern, value["fixedColor"], value["mode"] == "shades")


def _columns(transformations: Sequence[Mapping[str, Any]]) -> list[str]:
    for each in transformations:
        if each["id"] == "organize":
            order: Mapping[str, int] = each["options"]["indexByName"]
            return sorted(order, key=lambda name: order[name])
    return []


def _mark(said: Mapping[str, Any]) -> Mark:
    return Mark(said["expr"], said["iconColor"], bool(said.get("useValueForTime")))
