import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from store.devstack.import_command import import_command

ERROR = {
    "type": "error",
    "row": 3,
    "line": 5,
    "column": "UnitPrice",
    "reason": "Must be above zero.",
}
NONE = {"rows": 0, "created": 0, "updated": 0, "unchanged": 0, "rejected": 0}
SUMMARY = {"type": "summary", **NONE, "dry_run": False, "ignored_columns": []}
TAKEN = [{**SUMMARY, "rows": 2, "created": 2}]
REJECTED = [ERROR, {**SUMMARY, "rows": 2, "created": 1, "rejected": 1}]


class FakeInventory(HTTPServer):
    """Reads what it is sent, and answers each import with these lines."""

    answer: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class FakeInventoryHandler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        while size := int(self.rfile.readline(), 16):
            self.rfile.read(size + 2)
        self.rfile.readline()
        assert isinstance(self.server, FakeInventory)
        body = b"".join(json.dumps(line).encode() + b"\n" for line in self.server.answer)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def inventory() -> Iterator[FakeInventory]:
    with FakeInventory(("127.0.0.1", 0), FakeInventoryHandler) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.02,))
        serving.start()
        yield server
        server.shutdown()
        serving.join()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "products.csv"
    file.write_text("sku,title,UnitPrice\n")
    return file


def run(inventory: FakeInventory, file: Path, *options: str) -> Result:
    arguments = [str(file), "--url", inventory.url, *options]
    return CliRunner().invoke(import_command, arguments, env={"STORE_TOKEN": "a-token"})


@pytest.mark.parametrize(
    ("answer", "options", "status"),
    [
        (TAKEN, [], 0),
        (REJECTED, [], 1),
        (REJECTED, ["--dry-run"], 1),
        (REJECTED, ["--allow-rejected"], 0),
        ([{"type": "failed", "detail": "Gone."}], ["--allow-rejected"], 2),
        ([], [], 2),
    ],
)
def test_the_exit_status_says_whether_every_row_was_taken(
    inventory: FakeInventory,
    file: Path,
    answer: list[dict[str, Any]],
    options: list[str],
    status: int,
) -> None:
    inventory.answer = answer
    result = run(inventory, file, *options)
    assert result.exit_code == status, result.output


def test_what_cannot_be_sent_is_no_rejected_row(inventory: FakeInventory, tmp_path: Path) -> None:
    other = tmp_path / "products.txt"
    other.write_text("sku\n")
    assert run(inventory, other).exit_code == 2


def test_rows_are_named_alike_on_the_screen_and_in_the_file(
    inventory: FakeInventory, file: Path, tmp_path: Path
) -> None:
    inventory.answer, rejects = REJECTED, tmp_path / "rejects.csv"
    said = run(inventory, file, "--rejects", str(rejects)).output
    assert ["3", "5", "UnitPrice", "Must be above zero."] in [
        [cell.strip() for cell in line.strip("│").split("│")] for line in said.splitlines()
    ]
    assert rejects.read_text().splitlines() == [
        "row,line,column,reason",
        "3,5,UnitPrice,Must be above zero.",
    ]
    assert said.splitlines()[-1] == "2 rows, 1 created, 0 updated, 0 unchanged, 1 rejected"


def test_a_file_for_rejects_that_cannot_be_written_is_named(
    inventory: FakeInventory, file: Path, tmp_path: Path
) -> None:
    inventory.answer = REJECTED
    result = run(inventory, file, "--rejects", str(tmp_path / "nowhere" / "rejects.csv"))
    assert result.exit_code == 2
    assert "rejects.csv cannot be written: No such file or directory." in result.output


def test_more_reasons_than_are_shown_are_counted(inventory: FakeInventory, file: Path) -> None:
    summary = {**SUMMARY, "rows": 30, "rejected": 30, "errors_left_out": 7}
    inventory.answer = [*([ERROR] * 30), summary]
    said = run(inventory, file).output
    assert said.count("Must be above zero.") == 20
    assert "the first 20 of 30 reasons" in said
    assert "The store left out 7 more reasons." in said
