"""Pictures of boards that are known, from a Prometheus that is known."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from store.monitoring.main import commands
from store.monitoring.pictures import colours, command
from store.monitoring.pictures.answers import Answers, Line, Window, legend
from store.monitoring.pictures.boards import (
    Board,
    Mark,
    Panel,
    Place,
    Target,
    Threshold,
    read_board,
)
from store.monitoring.pictures.page import DRAWERS, UnknownPanel, draw_board
from store.monitoring.programs import GRAFANA
from store.monitoring.prometheus import Client, QueryRefused, Series

WINDOW = Window(1_000_005, 1_000_305)
PINK, LIME = "#ff00ff", "#00ff00"
BLENDED = 0.47  # thin lines mix with what is behind them


class Told(Client):
    """A Prometheus that answers every query with the same series, and remembers what it was asked."""

    def __init__(self, *series: Series) -> None:
        super().__init__("http://127.0.0.1:9")
        self._series = series
        self.asked: list[str] = []

    def _data(self, path: str, asked: Mapping[str, Any] | None = None) -> Any:
        self.asked.append((asked or {})["query"])
        values = {"query": "value", "query_range": "values"}[path]
        each = [
            {"metric": one.labels, values: one.values[-1] if values == "value" else one.values}
            for one in self._series
        ]
        return {"resultType": "", "result": each}


class Refusing(Client):
    """Says of every query that it is none."""

    def _data(self, path: str, asked: Mapping[str, Any] | None = None) -> Any:
        raise QueryRefused(f"{path} of {asked}: unexpected end of input")


def series(values: Sequence[float], **labels: str) -> Series:
    return Series(labels, list(zip(map(float, WINDOW.times), values, strict=False)))


def panel(kind: str = "timeseries", **more: Any) -> Panel:
    steps = [Threshold(None, LIME), Threshold(5, PINK)]
    asks = [Target("up", "{{job}}", False)]
    return Panel(
        **{
            "kind": kind,
            "title": "Up",
            "place": Place(0, 0, 12, 8),
            "targets": asks,
            "thresholds": steps,
            "minimum": 0,
            **more,
        }
    )


def drawn(folder: Path, shown: Panel, told: Client, marks: Sequence[Mark] = ()) -> list[str]:
    board = Board("Shop", "shop", [shown], marks)
    return draw_board(board, Answers(told, board, WINDOW), folder / "shop.png")


def share_of(folder: Path, colour: str, within: float = 0.12) -> float:
    """How much of the picture has this colour, more or less."""
    pixels = imread(folder / "shop.png")[:, :, :3]
    near = (abs(pixels - to_rgb(colour)) < within).all(axis=2)
    return float(near.mean())


RISING = series(range(21), job="orders")


@pytest.mark.parametrize("kind", DRAWERS)
def test_a_panel_with_data_is_drawn_without_complaint(tmp_path: Path, kind: str) -> None:
    assert drawn(tmp_path, panel(kind, columns=["job"]), Told(RISING)) == []
    assert share_of(tmp_path, colours.BAD) == 0


@pytest.mark.parametrize("kind", DRAWERS)
def test_a_panel_without_data_is_named_and_says_so_in_red(tmp_path: Path, kind: str) -> None:
    assert drawn(tmp_path, panel(kind), Told()) == ["Up"]
    assert share_of(tmp_path, colours.BAD) > 0


def test_only_nan_is_no_data(tmp_path: Path) -> None:
    assert drawn(tmp_path, panel(), Told(series([math.nan] * 21))) == ["Up"]


def test_a_query_that_is_refused_says_so_in_red(tmp_path: Path) -> None:
    assert drawn(tmp_path, panel(), Refusing("")) == ["Up"]
    assert share_of(tmp_path, colours.BAD) > 0


def test_an_empty_table_may_be_good_news(tmp_path: Path) -> None:
    assert drawn(tmp_path, panel("table", no_value="Nothing is firing."), Told()) == []


def test_a_number_has_the_colour_of_the_threshold_it_has_reached(tmp_path: Path) -> None:
    drawn(tmp_path, panel("stat"), Told(series([4.0] * 21)))
    assert share_of(tmp_path, LIME) > 0 == share_of(tmp_path, PINK)
    drawn(tmp_path, panel("stat"), Told(series([5.0] * 21)))
    assert share_of(tmp_path, PINK) > 0 == share_of(tmp_path, LIME)


def test_a_threshold_is_a_line_where_the_panel_shows_it(tmp_path: Path) -> None:
    drawn(tmp_path, panel(), Told(RISING))
    assert share_of(tmp_path, PINK, BLENDED) == 0
    drawn(tmp_path, panel(shows_thresholds=True), Told(RISING))
    assert share_of(tmp_path, PINK, BLENDED) > 0


def test_a_restart_is_marked(tmp_path: Path) -> None:
    started = series([1000 * (WINDOW.start + 100)] * 21)
    drawn(tmp_path, panel(), Told(started), [Mark("start", PINK, by_value=True)])
    assert share_of(tmp_path, PINK, BLENDED) > 0


def test_a_kind_of_panel_that_nobody_can_draw_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownPanel, match="Up: piechart"):
        drawn(tmp_path, panel("piechart"), Told(RISING))


def test_what_grafana_fills_in_is_filled_in() -> None:
    told = Told()
    board = Board("", "", [], variables={"instance": ".*"})
    asks = Target('rate(x{instance=~"$instance"}[$__rate_interval])', "", False)
    assert Answers(told, board, WINDOW).lines(panel(targets=[asks])) == []
    assert told.asked == ['rate(x{instance=~".*"}[60s])']


def test_a_gap_stays_a_gap() -> None:
    held = Series({"job": "orders"}, [(1_000_005.0, 1.0), (1_000_035.0, 3.0)])
    (line,) = Answers(Told(held), Board("", "", []), WINDOW).lines(panel())
    assert (line.name, line.values[0], line.values[2]) == ("orders", 1.0, 3.0)
    assert math.isnan(line.values[1])
    assert (line.last, line.highest) == (3.0, 3.0)


@pytest.mark.parametrize(
    ("pattern", "labels", "name"),
    [
        ("{{job}} → {{ code }}", {"job": "orders", "code": "OK"}, "orders → OK"),
        ("{{nothing}}", {"job": "orders"}, ""),
        ("", {"__name__": "up", "job": "orders"}, 'up{job="orders"}'),
    ],
)
def test_a_series_is_called_as_its_legend_says(
    pattern: str, labels: Mapping[str, str], name: str
) -> None:
    assert legend(pattern, labels) == name


def test_a_line_of_nothing_has_no_last_value() -> None:
    assert math.isnan(Line("", [math.nan]).last)
    assert math.isnan(Line("", []).highest)


@pytest.mark.parametrize("name", ["overall", "users", "inventory", "orders"])
def test_every_panel_of_our_dashboards_is_of_a_kind_and_a_unit_that_is_drawn(
    tmp_path: Path, name: str
) -> None:
    board = read_board(GRAFANA / "dashboards" / f"{name}.json")
    shown = [panel for panel in board.panels if panel.kind != "row"]
    answers = Answers(Told(RISING), board, WINDOW)
    assert len(shown) > 10
    assert draw_board(board, answers, tmp_path / "shop.png") == []


def test_a_prometheus_that_is_not_there_is_one_clear_message(tmp_path: Path) -> None:
    asked = ["--prometheus", "http://127.0.0.1:9", "--into", str(tmp_path / "new")]
    result = CliRunner().invoke(commands, ["draw", *asked])
    assert result.exit_code == 1
    assert "http://127.0.0.1:9 does not answer" in result.output
    assert "Traceback" not in result.output


def test_a_dashboard_of_words_is_not_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = {"title": "Up", "gridPos": {"x": 0, "y": 0, "w": 12, "h": 8}}
    (tmp_path / "dashboards").mkdir()
    for name, kind in (("shop", "stat"), ("runbooks", "text")):
        board = json.dumps({"title": name, "panels": [{**shown, "type": kind}]})
        (tmp_path / "dashboards" / f"{name}.json").write_text(board)
    monkeypatch.setattr(command, "GRAFANA", tmp_path)
    result = CliRunner().invoke(commands, ["draw", "--into", str(tmp_path / "pictures")])
    assert result.exit_code == 0, result.output
    assert [file.name for file in (tmp_path / "pictures").iterdir()] == ["shop.png"]
