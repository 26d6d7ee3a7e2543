"""Every alert has its runbook, and what a runbook names exists."""

import json
import re
from pathlib import Path

import pytest

from store.monitoring.slos import RULES
from store.monitoring.testing import rules

GRAFANA = RULES.parent
TEXT = (GRAFANA / "runbooks.md").read_text()
PREFACE = "What fires when"
PARTS = ("**Means.**", "**Look.**", "**Do.**", "**Over.**")
SECTIONS = dict(re.findall(r"^## ([^\n]+)\n(.+?)(?=^## |\Z)", TEXT, re.DOTALL | re.MULTILINE))
BOOKS = {name: text for name, text in SECTIONS.items() if name != PREFACE}
ALERTS = {rule["alert"] for rule in rules("alert")}


def titles(board: Path) -> tuple[str, set[str]]:
    built = json.loads(board.read_text())
    return built["title"], {panel["title"] for panel in built["panels"]}


BOARDS = dict(map(titles, (GRAFANA / "dashboards").glob("*.json")))


def test_every_alert_has_a_section_and_every_section_an_alert() -> None:
    assert set(BOOKS) == ALERTS


@pytest.mark.parametrize("alert", BOOKS)
def test_a_section_says_what_it_means_how_to_look_what_to_do_and_when_it_is_over(
    alert: str,
) -> None:
    found = re.findall(r"^\*\*\w+\.\*\*", BOOKS[alert], re.MULTILINE)
    assert tuple(found) == PARTS
    for part in re.split("|".join(map(re.escape, PARTS)), BOOKS[alert])[1:]:
        assert part.strip().endswith(".")


@pytest.mark.parametrize("alert", BOOKS)
def test_the_panels_that_a_section_names_are_there(alert: str) -> None:
    for board, panel in re.findall(r"\*(\w[\w ]*) › ([^*]+)\*", " ".join(BOOKS[alert].split())):
        if board != "Status":
            assert panel in BOARDS[board]


def test_what_fires_when_speaks_of_alerts_that_there_are() -> None:
    named = set(re.findall(r"\b(?:[A-Z][a-z]+){2,}\b", SECTIONS[PREFACE])) - {"PostgreSQL"}
    assert named <= ALERTS
    assert "| gateway down |" in SECTIONS[PREFACE]


@pytest.mark.parametrize("alert", BOOKS)
def test_other_alerts_that_a_section_sends_to_are_there(alert: str) -> None:
    other = set(re.findall(r"\b(?:[A-Z][a-z]+){2,}\b", BOOKS[alert]))
    assert other <= ALERTS | {"OOMKilled"}
