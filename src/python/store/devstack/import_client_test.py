import gzip
from pathlib import Path

import pytest

from store.cli.errors import Trouble
from store.devstack.import_client import Import, RejectedRow, content_of, result_of

SUMMARY = {"type": "summary", "rows": 3, "created": 2, "rejected": 1}


def test_columns_and_values_become_the_importers_query() -> None:
    source = Import(
        Path("f.csv"), "csv", {"sku": "Code", "title": "Name, long"}, {"currency": "EUR"}
    )
    assert source.params() == {
        "format": "csv",
        "dry_run": "false",
        "map": ["sku:Code", '"title:Name, long"'],
        "set": ["currency:EUR"],
    }


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_file_is_sent_as_it_is_or_unpacked(tmp_path: Path, pack: type[bytes]) -> None:
    file, sent = tmp_path / "products", list[int]()
    rows = b"sku,title\nMUG,Mug\n" * 20_000
    file.write_bytes(pack(rows))
    assert b"".join(content_of(file, sent.append)) == rows
    assert sent[-1] == file.stat().st_size


def test_a_torn_gzip_is_one_clear_message(tmp_path: Path) -> None:
    file = tmp_path / "products"
    file.write_bytes(gzip.compress(b"sku,title\n" * 999)[:40])
    with pytest.raises(Trouble, match="cannot be read"):
        list(content_of(file, lambda _: None))


def test_rejected_rows_come_with_where_and_why() -> None:
    error = {
        "type": "error",
        "row": 3,
        "line": 4,
        "column": "UnitPrice",
        "reason": "Must be above zero.",
    }
    whole = {"type": "error", "row": 5, "line": 6, "column": None, "reason": "Has 2 cells."}
    progress = {"type": "progress", "rows": 1}
    result = result_of(iter([progress, error, whole, SUMMARY]))
    assert result.summary == SUMMARY
    assert result.rejects == [
        RejectedRow(3, 4, "UnitPrice", "Must be above zero."),
        RejectedRow(5, 6, "", "Has 2 cells."),
    ]


def test_an_answer_without_an_end_was_cut_off() -> None:
    with pytest.raises(Trouble, match="cut off"):
        result_of(iter([{"type": "progress", "rows": 1}]))


def test_an_import_that_broke_off_says_why() -> None:
    failed = {"type": "failed", "code": "database_unavailable", "detail": "Gone.", "rows": 500}
    with pytest.raises(Trouble, match=r"broke off after 500 rows: Gone\."):
        result_of(iter([failed]))
