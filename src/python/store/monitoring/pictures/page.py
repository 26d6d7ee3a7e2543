"""One picture of one dashboard, as high as it needs to be."""

from collections.abc import Callable
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from store.monitoring.pictures import colours, graphs, stats, tables
from store.monitoring.pictures.answers import Answers
from store.monitoring.pictures.area import Area
from store.monitoring.pictures.boards import Board, Panel, Place
from store.monitoring.prometheus import QueryRefused

DOTS = 100
COLUMN, ROW, GAP, HEAD = 68, 38, 8, 46  # pixels: Grafana's rows are 30 high and 8 apart
COLUMNS = 24
DRAWERS: dict[str, Callable[[Area, Panel, Answers], bool]] = {
    "timeseries": graphs.draw,
    "stat": stats.draw,
    "table": tables.draw,
}
"""How each kind of panel is drawn; False when there was nothing to draw."""


class UnknownPanel(ValueError):
    """A dashboard has a kind of panel that nothing here can draw."""


def draw_board(board: Board, answers: Answers, file: Path) -> list[str]:
    """Write the picture of a dashboard; the titles of the panels that are without data."""
    width, height = COLUMNS * COLUMN + GAP, HEAD + board.rows * ROW + GAP
    figure = Figure(figsize=(width / DOTS, height / DOTS), dpi=DOTS, facecolor=colours.PAGE)
    FigureCanvasAgg(figure)
    page = Area(figure, 0, 0, width, height)
    minutes = (answers.window.end - answers.window.start) // 60
    page.text(GAP * 2, 27, board.title, size=15, colour=colours.TEXT, weight="bold")
    page.text(width - GAP * 2, 27, f"last {minutes} minutes", size=9, align="right")
    empty = [panel.title for panel in board.panels if not _draw_panel(figure, panel, answers)]
    figure.savefig(file)
    return empty


def _draw_panel(figure: Figure, panel: Panel, answers: Answers) -> bool:
    area = _area(figure, panel.place)
    if panel.kind == "row":
        area.text(4, 24, panel.title, size=12, colour=colours.TEXT, weight="bold")
        return True
    if panel.kind not in DRAWERS:
        raise UnknownPanel(f"{panel.title}: {panel.kind}")
    area.card()
    area.text(10, 19, panel.title, size=9.5, colour=colours.TEXT, weight="bold")
    try:
        drawn = DRAWERS[panel.kind](area, panel, answers)
    except QueryRefused as refused:
        area.cross_out(f"refused: {refused}")
        return False
    if not drawn:
        area.cross_out("no data")
    return drawn


def _area(figure: Figure, place: Place) -> Area:
    left, top = GAP + place.x * COLUMN, HEAD + place.y * ROW
    return Area(figure, left, top, place.w * COLUMN - GAP, place.h * ROW - GAP)
