"""A panel of lines over time: axes, lines or stacked areas, thresholds, marks, a legend below."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from store.monitoring.pictures import colours
from store.monitoring.pictures.answers import Answers, Line, Window
from store.monitoring.pictures.area import Area
from store.monitoring.pictures.boards import Panel
from store.monitoring.pictures.units import divisor, written

LEFT, TOP, RIGHT, BELOW = 64, 36, 14, 24  # pixels around the lines
LEGEND_LINE = 16
LETTER = 6.2  # pixels that a letter of the legend is wide, at most on average
LEGEND_SHARE = 0.4  # of the panel's height at most, as in Grafana, which then scrolls


def draw(area: Area, panel: Panel, answers: Answers) -> bool:
    """Draw it; False if there is nothing to draw."""
    lines = [line for line in answers.lines(panel) if not math.isnan(line.last)]
    if not lines:
        return False
    shown = sorted(lines, key=lambda line: -line.last)
    rows = min(len(shown) + 1, max(int(area.height * LEGEND_SHARE / LEGEND_LINE), 2))
    height = area.height - TOP - BELOW - rows * LEGEND_LINE - 4
    axes = area.axes(LEFT, TOP, area.width - LEFT - RIGHT, height)
    colour = colours.of_series(panel, [line.name for line in lines])
    _draw_lines(axes, panel, lines, colour, answers.window)
    _scale(axes, panel, answers.window)
    _draw_thresholds(axes, panel)
    for moment, mark_colour in answers.marks:
        axes.axvline(moment, color=mark_colour, linewidth=0.9, linestyle=(0, (3, 3)), alpha=0.8)
    _draw_legend(area, panel, shown, colour, rows)
    return True


def _draw_lines(
    axes: Axes, panel: Panel, lines: Sequence[Line], colour: dict[str, str], window: Window
) -> None:
    below = [0.0] * len(window.times)
    for line in lines:
        # In a stack, as elsewhere, a gap is a gap; for those above it counts as nothing.
        values = [low + value for low, value in zip(below, line.values, strict=True)]
        look: dict[str, Any] = {"color": colour[line.name]}
        axes.fill_between(window.times, below, values, alpha=panel.fill, linewidth=0, **look)
        # A single point between two gaps is no line: it is shown as a point.
        single = sum(not math.isnan(value) for value in values) == 1
        axes.plot(window.times, values, linewidth=1.2, marker="." if single else "", **look)
        if panel.stacked:
            both = zip(below, values, strict=True)
            below = [low if math.isnan(value) else value for low, value in both]


def _scale(axes: Axes, panel: Panel, window: Window) -> None:
    axes.set_xlim(window.start, window.end)
    lowest, highest = axes.dataLim.y0, axes.dataLim.y1
    low = lowest if panel.minimum is None else panel.minimum
    high = low + (1.08 * (highest - low) if highest > low else 1)
    axes.set_ylim(low, high)
    axes.grid(color=colours.GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    one = divisor(high, panel.unit)  # so that the axis has whole minutes or mebibytes
    steps = [step * one for step in MaxNLocator(4).tick_values(low / one, high / one)]
    ticks = [step for step in steps if low <= step <= high]
    axes.set_yticks(ticks, [written(tick, panel.unit) for tick in ticks])
    times = [window.start + (window.end - window.start) * part / 6 for part in range(1, 6)]
    axes.set_xticks(times, [f"{datetime.fromtimestamp(at, UTC):%H:%M:%S}" for at in times])


def _draw_thresholds(axes: Axes, panel: Panel) -> None:
    """Those within what is to be seen: a threshold does not stretch the axis, as in Grafana."""
    low, high = axes.get_ylim()
    for step in panel.thresholds if panel.shows_thresholds else ():
        if step.value is not None and low <= step.value <= high:
            axes.axhline(step.value, color=step.colour, linewidth=1.1, linestyle=(0, (6, 4)))


def _draw_legend(
    area: Area, panel: Panel, shown: Sequence[Line], colour: dict[str, str], rows: int
) -> None:
    y = area.height - rows * LEGEND_LINE + 4
    fitting = rows - 1
    numbers = [_numbers(panel, line) for line in shown[:fitting]]
    column = LETTER * max(4, *(len(text) for pair in numbers for text in pair)) + 16
    last, highest = area.width - column - 12, area.width - 12
    for x, title in ((last, "last"), (highest, "max")):
        area.text(x, y, title, size=7, align="right")
    for line, pair in zip(shown, numbers, strict=False):
        y += LEGEND_LINE
        area.box(12, y, 8, colour[line.name])
        names = area.part(26, last - column - 20)
        names.text(0, y, line.name, size=7.5, colour=colours.TEXT)
        for x, text in zip((last, highest), pair, strict=True):
            area.text(x, y, text, size=7.5, colour=colours.TEXT, align="right")
    if len(shown) > fitting:
        area.text(12, y - fitting * LEGEND_LINE, f"{len(shown)} series, {fitting} shown", size=7)


def _numbers(panel: Panel, line: Line) -> tuple[str, str]:
    """The last and the highest value."""
    last, highest = (
        written(value, panel.unit, panel.decimals) for value in (line.last, line.highest)
    )
    return last, highest
