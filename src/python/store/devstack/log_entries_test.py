from pathlib import Path

from store.devstack.log_entries import LogReader, in_order
from store.devstack.process_logs import earlier


def line(second: int, text: str) -> str:
    return f"2026-11-30 18:00:{second:02}.000 {text}\n"


def texts(*readers: LogReader) -> list[str]:
    return [entry.text for entry in in_order(readers)]


def test_what_processes_said_is_put_in_order(tmp_path: Path) -> None:
    users, orders = tmp_path / "users.log", tmp_path / "orders.log"
    users.write_text(line(1, "one") + line(4, "four"))
    orders.write_text(line(3, "three"))
    earlier(orders).write_text(line(0, "nought") + line(2, "two"))
    readers = LogReader("users", users), LogReader("orders", orders)
    assert [(entry.name, entry.text) for entry in in_order(readers)] == [
        *(("orders", "nought"), ("users", "one"), ("orders", "two")),
        *(("orders", "three"), ("users", "four")),
    ]


def test_lines_without_a_time_stay_with_the_one_before(tmp_path: Path) -> None:
    users, postgres = tmp_path / "users.log", tmp_path / "log"
    users.write_text(line(2, "two"))
    postgres.write_text(line(1, "UTC [7] LOG:  statement: SELECT") + "\t1\n" + line(3, "UTC end"))
    assert texts(LogReader("users", users), LogReader("postgres", postgres)) == [
        *("[7] LOG:  statement: SELECT", "\t1", "two", "end"),
    ]


def test_what_is_added_is_read_next_and_a_line_only_when_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "orders.log"
    reader = LogReader("orders", file)
    assert texts(reader) == []
    file.write_text(line(1, "one"))
    assert texts(reader) == ["one"]
    with file.open("a") as more:
        more.write(line(2, "two") + line(3, "thr")[:-1])
    assert texts(reader) == ["two"]
    with file.open("a") as more:
        more.write("ee\n")
    assert texts(reader) == ["three"]


def test_a_log_that_begins_anew_is_followed_without_a_loss(tmp_path: Path) -> None:
    file = tmp_path / "orders.log"
    file.write_text(line(1, "one"))
    reader = LogReader("orders", file)
    assert texts(reader) == ["one"]
    with file.open("a") as more:
        more.write(line(2, "two"))
    file.rename(earlier(file))
    file.write_text(line(3, "three"))
    assert texts(reader) == ["two", "three"]


def test_a_log_that_is_written_over_is_read_from_its_beginning(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text(line(1, "a long line of the run before"))
    reader = LogReader("postgres", file)
    assert len(texts(reader)) == 1
    file.write_text(line(2, "short"))
    assert texts(reader) == ["short"]
