"""The dashboards as the files that Grafana reads."""

import json
from collections.abc import Iterator
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from store.monitoring.dashboards.runbooks import NAMED, runbooks

FOLDER = Path("grafana/dashboards")
DASHBOARDS = (*NAMED, runbooks)


def dashboard_files() -> Iterator[tuple[str, str]]:
    """The name of each file, and its text: the same text until the code changes."""
    for dashboard in DASHBOARDS:
        board = dashboard().build()
        text = json.dumps(board, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False)
        yield f"{dashboard.__name__}.json", f"{text}\n"


def write(folder: Path) -> None:
    for name, text in dashboard_files():
        (folder / name).write_text(text)
