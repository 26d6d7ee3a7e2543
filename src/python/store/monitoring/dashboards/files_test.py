"""What every dashboard keeps to, asked of the files that Grafana reads."""

import json
import re
from typing import Any

import pytest

from store.monitoring.dashboards import links
from store.monitoring.dashboards.files import FOLDER, dashboard_files
from store.monitoring.dashboards.layout import COLUMNS
from store.monitoring.dashboards.testing import (
    BOARDS,
    SERVICES,
    every_board,
    every_board_of_numbers,
    panels_of,
    rows_of,
)
from store.monitoring.dashboards.units import DECIMALS

ORDER = ["At a glance", "REST", "gRPC", "Dependencies", "Database", "Loops", "Resources", "Trade"]
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def test_the_files_are_what_the_code_makes() -> None:
    there = {file.name: file.read_text() for file in FOLDER.iterdir()}
    wanted = dict(dashboard_files())
    different = {name for name in there | wanted if there.get(name) != wanted.get(name)}
    assert not different, "run ./pants dashboards build, look at them, and commit the result"


@every_board_of_numbers
def test_a_panel_says_in_one_sentence_what_to_think_of_it(board: Any) -> None:
    for panel in panels_of(board):
        assert panel["title"]
        assert re.fullmatch(r"[A-Z0-9][^\n]{30,}\.", panel["description"]), panel["title"]
        assert ". " not in panel["description"], panel["title"]


@every_board_of_numbers
def test_a_panel_is_a_graph_a_number_or_a_table(board: Any) -> None:
    for panel in panels_of(board):
        assert panel["type"] in {"timeseries", "stat", "table"}, panel["title"]


def test_only_the_runbooks_are_words_and_nothing_else() -> None:
    words = {
        name
        for name, board in BOARDS.items()
        if all(panel["type"] == "text" for panel in panels_of(board))
    }
    assert words == {"runbooks"}


@every_board_of_numbers
def test_a_panel_has_a_unit_decimals_and_rising_limits(board: Any) -> None:
    for panel in panels_of(board):
        field = panel["fieldConfig"]["defaults"]
        assert field["decimals"] == DECIMALS[field["unit"]], panel["title"]
        first, *others = field["thresholds"]["steps"]
        assert first["value"] is None, panel["title"]
        limits = [step["value"] for step in others]
        assert limits == sorted(set(limits)), panel["title"]


@every_board_of_numbers
def test_a_scale_begins_at_0_unless_the_number_can_fall_below(board: Any) -> None:
    for panel in panels_of(board):
        can_fall_below = panel["title"].startswith(("Budget left", "Signing key: time left"))
        least = panel["fieldConfig"]["defaults"].get("min")
        assert least == (None if can_fall_below else 0), panel["title"]


@every_board_of_numbers
def test_a_panel_asks_the_chosen_prometheus_and_names_the_answers(board: Any) -> None:
    for panel in panels_of(board):
        assert panel["datasource"] == SOURCE, panel["title"]
        assert panel["targets"], panel["title"]
        for target in panel["targets"]:
            assert target["datasource"] == SOURCE, panel["title"]
            assert target["legendFormat"] or panel["type"] == "table", panel["title"]


@every_board_of_numbers
def test_the_questions_of_a_panel_can_be_told_apart(board: Any) -> None:
    for panel in panels_of(board):
        names = [target["refId"] for target in panel["targets"]]
        assert names == [*"ABCD"][: len(names)], panel["title"]


@every_board
def test_the_grid_has_no_gap_and_no_overlap(board: Any) -> None:
    cells = [
        (x, y)
        for at in (panel["gridPos"] for panel in board["panels"])
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    lines = 1 + max(y for _, y in cells)
    assert sorted(cells) == [(x, y) for x in range(COLUMNS) for y in range(lines)]


@every_board
def test_panels_are_numbered_by_their_row(board: Any) -> None:
    ids = [panel["id"] for panel in board["panels"]]
    assert ids == sorted(set(ids))
    row = 0
    for panel in board["panels"]:
        if panel["type"] == "row":
            row = int(panel["title"].split(".")[0])
        assert panel["id"] // 100 == row


@every_board
def test_titles_are_distinct(board: Any) -> None:
    titles = [panel["title"] for panel in board["panels"]]
    assert sorted(titles) == sorted(set(titles))


@pytest.mark.parametrize("name", SERVICES)
def test_the_rows_of_every_service_stand_in_one_order(name: str) -> None:
    wanted = [f"{number}. {word}" for number, word in enumerate(ORDER, start=1)]
    if name == "users":
        wanted.remove("3. gRPC")
    titles = [row["title"] for row in rows_of(BOARDS[name])]
    assert [title[: len(start)] for title, start in zip(titles, wanted, strict=True)] == wanted


@every_board
def test_the_variables_used_are_those_declared(board: Any) -> None:
    declared = {variable["name"] for variable in board["templating"].get("list", [])}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(board)))
    assert {name for name in used if not name.startswith("__")} == declared


@every_board
def test_a_dashboard_is_found_by_its_tag_and_is_changed_in_code_only(board: Any) -> None:
    assert board["tags"] == [links.TAG]
    assert board["links"][0]["tags"] == [links.TAG]
    assert board["editable"] is False


@every_board_of_numbers
def test_rates_are_added_up_before_percentiles_are_taken(board: Any) -> None:
    for panel in panels_of(board):
        for target in panel["targets"]:
            alone = re.search(r"histogram_quantile\([\d.]+, (?!sum by \(le)", target["expr"])
            assert not alone, panel["title"]


@every_board_of_numbers
def test_a_rate_looks_as_far_as_the_reader_looks_closely(board: Any) -> None:
    for panel in panels_of(board):
        for target in panel["targets"]:
            windows = re.findall(r"\brate\([^\[]+\[([^\]]+)\]", target["expr"])
            assert set(windows) <= {"$__rate_interval"}, panel["title"]
