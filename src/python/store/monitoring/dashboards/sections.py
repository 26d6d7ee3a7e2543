"""The sections of grafana/runbooks.md, and the panels of the dashboard *Runbooks* that show them."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FILE = Path("grafana/runbooks.md")
SUMMARY, ABOUT = "What fires when", "Runbooks"
"""The sections about all alerts; every other section is about one."""

FIRST_ROW, ALERTS_ROW = 1, 2


class NoRunbook(LookupError):
    """An alert has no section in grafana/runbooks.md."""


@cache
def sections() -> Mapping[str, str]:
    """The text of each section by its headline, as they follow each other in the file."""
    _, *parts = re.split(r"^##? (.+)\n", FILE.read_text(), flags=re.MULTILINE)
    return {title: text.strip() for title, text in zip(parts[::2], parts[1::2], strict=True)}


def alerts() -> list[str]:
    """Those that have a runbook, as they follow each other in the file."""
    return [title for title in sections() if title not in (SUMMARY, ABOUT)]


def number_of(alert: str) -> int:
    """The number of the panel with this alert's runbook; NoRunbook if there is none."""
    if alert not in alerts():
        raise NoRunbook(f"{alert} has no section in {FILE}")
    return 100 * ALERTS_ROW + 1 + alerts().index(alert)
