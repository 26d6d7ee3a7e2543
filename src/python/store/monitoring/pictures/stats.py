"""A panel of single numbers: the last value of each series, in its colour, over its past."""

import math

from store.monitoring.pictures import colours
from store.monitoring.pictures.answers import Answers, Line
from store.monitoring.pictures.area import Area
from store.monitoring.pictures.boards import Panel
from store.monitoring.pictures.units import written

HEAD = 30


def draw(area: Area, panel: Panel, answers: Answers) -> bool:
    """Draw it, side by side if there are several; False if there is nothing to draw."""
    lines = [line for line in answers.lines(panel) if not math.isnan(line.last)]
    share = area.width / max(len(lines), 1)
    for number, line in enumerate(lines):
        part = area.part(number * share, share)
        _draw_past(part, line, colours.of_value(panel.thresholds, line.last))
        _draw_value(part, panel, line, named=len(lines) > 1)
    return bool(lines)


def _draw_value(part: Area, panel: Panel, line: Line, *, named: bool) -> None:
    colour = colours.of_value(panel.thresholds, line.last)
    text = written(line.last, panel.unit, panel.decimals)
    size = min(26.0, part.height / 5, 1.45 * part.width / max(len(text), 1) * 0.72)
    middle = HEAD + (part.height - HEAD) * 0.4
    part.text(part.width / 2, middle, text, size=size, colour=colour, align="center", weight="bold")
    if named:
        part.text(part.width / 2, HEAD + 8, line.name, size=8, align="center")


def _draw_past(part: Area, line: Line, colour: str) -> None:
    height = (part.height - HEAD) * 0.35
    axes = part.axes(4, part.height - height - 2, part.width - 8, height)
    places = range(len(line.values))
    lowest = min(value for value in line.values if not math.isnan(value))
    axes.fill_between(places, lowest, line.values, color=colour, alpha=0.18, lw=0)
    axes.plot(places, line.values, color=colour, linewidth=1, alpha=0.7)
