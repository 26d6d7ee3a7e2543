import json
from pathlib import Path
from typing import Any

import pytest

from store.monitoring.pictures.boards import Board, Place, Threshold, read_board
from store.monitoring.programs import GRAFANA

PANEL: dict[str, Any] = {
    "type": "timeseries",
    "title": "Requests",
    "gridPos": {"x": 0, "y": 1, "w": 12, "h": 8},
    "targets": [{"expr": "up", "legendFormat": "{{job}}", "instant": False}],
}


def board(tmp_path: Path, *panels: dict[str, Any], **more: Any) -> Board:
    file = tmp_path / "shop.json"
    file.write_text(json.dumps({"title": "Shop", "panels": panels, **more}))
    return read_board(file)


def with_defaults(**defaults: Any) -> dict[str, Any]:
    return {**PANEL, "fieldConfig": {"defaults": defaults, "overrides": []}}


def test_a_panel_has_its_place_its_queries_and_how_its_numbers_look(tmp_path: Path) -> None:
    steps = [{"color": "green", "value": None}, {"color": "red", "value": 0.5}]
    custom = {"fillOpacity": 8, "thresholdsStyle": {"mode": "dashed"}}
    looks = with_defaults(unit="s", decimals=1, min=0, thresholds={"steps": steps}, custom=custom)
    (panel,) = board(tmp_path, looks).panels
    assert (panel.place, panel.targets[0].legend) == (Place(0, 1, 12, 8), "{{job}}")
    assert (panel.unit, panel.decimals, panel.minimum, panel.fill) == ("s", 1, 0, 0.08)
    assert list(panel.thresholds) == [Threshold(None, "green"), Threshold(0.5, "red")]
    assert (panel.shows_thresholds, panel.stacked) == (True, False)


def test_panels_of_a_folded_row_are_panels(tmp_path: Path) -> None:
    row = {"type": "row", "title": "More", "gridPos": PANEL["gridPos"], "panels": [PANEL]}
    assert [panel.title for panel in board(tmp_path, row).panels] == ["More", "Requests"]


def test_a_series_has_the_colour_that_an_override_names(tmp_path: Path) -> None:
    colour = {"id": "color", "value": {"mode": "fixed", "fixedColor": "#112233"}}
    overrides = [
        {"matcher": {"id": "byName", "options": "a.b"}, "properties": [colour]},
        {"matcher": {"id": "byRegexp", "options": "/5../"}, "properties": [colour]},
    ]
    panel = {**PANEL, "fieldConfig": {"defaults": {}, "overrides": overrides}}
    by_name, by_regexp = board(tmp_path, panel).panels[0].overrides
    assert [by_name.matches(name) for name in ("a.b", "axb")] == [True, False]
    assert [by_regexp.matches(name) for name in ("503", "200")] == [True, False]


def test_a_variable_is_everything_until_somebody_chooses(tmp_path: Path) -> None:
    listed = [{"name": "instance", "allValue": ".+"}, {"name": "job"}]
    assert board(tmp_path, templating={"list": listed}).variables == {
        "instance": ".+",
        "job": ".*",
    }


@pytest.mark.parametrize("name", ["overall", "users", "inventory", "orders"])
def test_all_that_our_dashboards_show_has_a_place_of_its_own(name: str) -> None:
    taken = [
        (panel.place.x + x, panel.place.y + y)
        for panel in read_board(GRAFANA / "dashboards" / f"{name}.json").panels
        for x in range(panel.place.w)
        for y in range(panel.place.h)
    ]
    assert len(taken) == len(set(taken)) > 0
    assert max(x for x, _ in taken) < 24


def test_only_the_runbooks_are_words_and_nothing_else() -> None:
    boards = [read_board(file) for file in (GRAFANA / "dashboards").glob("*.json")]
    assert [board.name for board in boards if board.is_words] == ["runbooks"]


def test_one_panel_of_numbers_is_something_to_draw(tmp_path: Path) -> None:
    words = {**PANEL, "type": "text", "targets": []}
    assert board(tmp_path, words).is_words
    assert not board(tmp_path, words, PANEL).is_words
