"""The built dashboards and the rules, for tests to look at."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from store.monitoring.dashboards.files import FOLDER

GRAFANA = FOLDER.parent
BOARDS: Mapping[str, Any] = {
    file.stem: json.loads(file.read_text()) for file in sorted(FOLDER.glob("*.json"))
}
NUMBERS = {name: board for name, board in BOARDS.items() if name != "runbooks"}
"""Those that show numbers; the runbooks are words."""
SERVICES = sorted(set(NUMBERS) - {"overall"})

every_board = pytest.mark.parametrize("board", BOARDS.values(), ids=list(BOARDS))
every_board_of_numbers = pytest.mark.parametrize("board", NUMBERS.values(), ids=list(NUMBERS))


def rows_of(board: Any) -> list[Any]:
    """The headlines of a dashboard."""
    return [panel for panel in board["panels"] if panel["type"] == "row"]


def panels_of(board: Any) -> list[Any]:
    """The panels under them."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def alerts() -> dict[str, str]:
    """The expression of each alert, by its name; of two with one name the last."""
    files = (yaml.safe_load(file.read_text()) for file in (GRAFANA / "rules").glob("*.yaml"))
    rules = (rule for file in files for group in file["groups"] for rule in group["rules"])
    return {rule["alert"]: rule["expr"] for rule in rules if "alert" in rule}
