"""A panel that is a table: a row for each series as it stands at the end."""

from collections.abc import Sequence

from store.monitoring.pictures import colours
from store.monitoring.pictures.answers import Answers
from store.monitoring.pictures.area import Area
from store.monitoring.pictures.boards import Panel
from store.monitoring.prometheus import Labels

LINE, TOP = 20, 46


def draw(area: Area, panel: Panel, answers: Answers) -> bool:
    """Draw it; False if it is empty and the panel does not say what that means."""
    rows = answers.table(panel)
    if not rows:
        area.text(area.width / 2, area.height / 2, panel.no_value, size=11, align="center")
        return bool(panel.no_value)
    columns = [name for name in panel.columns if any(name in row for row in rows)]
    _draw_line(area, TOP, columns, colours.FAINT)
    fitting = int((area.height - TOP) / LINE) - 1
    for number, row in enumerate(rows[:fitting], 1):
        _draw_line(area, TOP + number * LINE, _cells(row, columns), colours.TEXT)
    if len(rows) > fitting:
        area.text(area.width - 12, 19, f"and {len(rows) - fitting} more", size=8, align="right")
    return True


def _cells(row: Labels, columns: Sequence[str]) -> list[str]:
    return [row.get(name, "") for name in columns]


def _draw_line(area: Area, y: float, cells: Sequence[str], colour: str) -> None:
    share = (area.width - 20) / max(len(cells), 1)
    for number, cell in enumerate(cells):
        area.part(10 + number * share, share).text(0, y, cell, size=8.5, colour=colour)
