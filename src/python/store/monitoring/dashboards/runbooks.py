"""The dashboard of the runbooks: grafana/runbooks.md where ops are, every name in it a link."""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from math import ceil

from grafana_foundation_sdk.builders import text
from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.models.text import TextMode

from store.monitoring.dashboards import links
from store.monitoring.dashboards.inventory import inventory
from store.monitoring.dashboards.layout import COLUMNS, PanelRow, words_board
from store.monitoring.dashboards.orders import orders
from store.monitoring.dashboards.overall import overall
from store.monitoring.dashboards.sections import (
    ABOUT,
    ALERTS_ROW,
    FIRST_ROW,
    SUMMARY,
    alerts,
    sections,
)
from store.monitoring.dashboards.users import users

NAMED = (overall, users, inventory, orders)
"""The dashboards whose panels the runbooks name."""

_NAMES = re.compile(
    r"`[^`]*`|\*(?P<board>\w[\w\s]*)\s›\s(?P<panel>[^*]+)\*|\b(?P<alert>[A-Z]\w+)\b"
)
_PARAGRAPHS = re.compile(r"\n\n|\n(?=\|)")
_LETTERS, _LINE, _CELL, _HEADER = 9, 22, 38, 50  # a line's letters in a column; pixels of the rest

Addresses = Mapping[tuple[str, str], str]
"""Where a panel is, by the titles of its dashboard and its own."""


def runbooks() -> Dashboard:
    """What fires when, and a panel for each alert, two beside each other."""
    addresses = _addresses()
    first = [[SUMMARY], [ABOUT]]
    books = [alerts()[index : index + 2] for index in range(0, len(alerts()), 2)]
    return words_board(
        links.RUNBOOKS,
        "Runbooks",
        "For each alert: what it means, how to look, what to do, and when it is over.",
        [
            _row(FIRST_ROW, "All alerts", first, addresses),
            _row(ALERTS_ROW, "Each alert", books, addresses),
        ],
    )


def linked(words: str, addresses: Addresses, here: str = "") -> str:
    """The words with a link from each panel and from each alert but `here` that they name."""
    return _NAMES.sub(partial(_link, addresses, here), words)


def _link(addresses: Addresses, here: str, found: re.Match[str]) -> str:
    board, panel = (" ".join((found[part] or "").split()) for part in ("board", "panel"))
    address = addresses.get((board, panel))
    if found["alert"] in alerts() and found["alert"] != here:
        address = links.runbook(found["alert"])
    return f"[{found[0]}]({address})" if address else found[0]


def _row(number: int, title: str, lines: Sequence[list[str]], addresses: Addresses) -> PanelRow:
    panels = [[_panel(name, addresses) for name in line] for line in lines]
    return PanelRow(number, title, panels, [_height(line) for line in lines])


def _panel(name: str, addresses: Addresses) -> text.Panel:
    words = linked(sections()[name], addresses, here=name)
    return text.Panel().title(name).mode(TextMode.MARKDOWN).content(words)


def _height(names: Sequence[str]) -> int:
    """Rows of the grid in which each of the texts is seen whole on a usual screen."""
    letters = _LETTERS * COLUMNS // len(names)
    texts = [_PARAGRAPHS.split(sections()[name]) for name in names]
    most = max(sum(ceil(len(part) / letters) + 1 for part in parts) for parts in texts)
    return ceil((_HEADER + most * _LINE) / _CELL)


def _addresses() -> Addresses:
    boards = [dashboard().build() for dashboard in NAMED]
    return {
        (board.title or "", panel.title or ""): f"/d/{board.uid}?viewPanel={panel.id_val}"
        for board in boards
        for panel in board.panels or []
    }
