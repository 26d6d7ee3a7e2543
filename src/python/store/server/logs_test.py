import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from store.server import context
from store.server.environ import BadEnviron
from store.server.logs import set_up_logs


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    context.request_id.set("")
    context.traceparent.set("")


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_each_record_is_one_json_line(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("orders")
    context.enter("r1", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    logging.getLogger("store.orders").warning("late by %s\ndays", 3, extra={"order": "o1"})
    (line,) = lines(capsys)
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "WARNING",
        "logger": "store.orders",
        "message": "late by 3\ndays",
        "service": "orders",
        "order": "o1",
        "request_id": "r1",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    }


def test_a_traceback_stays_on_its_line_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("orders")
    try:
        raise ValueError("password=SECRET")
    except ValueError:
        logging.exception("broken")
    (line,) = lines(capsys)
    assert "Traceback" in line["exc_info"]
    assert "SECRET" not in line["exc_info"]
    assert "request_id" not in line


def test_the_level_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("orders", "warning")
    logging.getLogger("store").info("quiet")
    logging.getLogger("store").error("loud")
    assert [line["message"] for line in lines(capsys)] == ["loud"]


def test_setting_up_twice_does_not_double_lines(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("orders")
    set_up_logs("orders")
    logging.warning("once")
    assert len(lines(capsys)) == 1


@pytest.mark.parametrize("wrong", [("LOUD", "json"), ("INFO", "xml"), ("", "json")])
def test_an_unknown_level_or_form_is_a_bad_environ(wrong: tuple[str, str]) -> None:
    with pytest.raises(BadEnviron, match="bad environment: LOG_"):
        set_up_logs("orders", *wrong)


def test_text_is_for_eyes(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("orders", "INFO", "text")
    logging.getLogger("store.orders").info("placed", extra={"order": "o1", "status": 201})
    said = capsys.readouterr().out
    assert said.endswith(" INFO    store.orders: placed order=o1\n")
