import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from store.server.environ import BadEnviron
from store.server.telemetry import context
from store.server.telemetry.logs import log_call, set_up_logs


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
    context.order_id.set("")


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


def test_a_library_does_not_say_whom_it_calls(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("orders", "DEBUG")
    logging.getLogger("urllib3.connection").warning("(url=%s)", "http://example.com/hooks/T0SECRET")
    logging.getLogger("urllib3.connectionpool").debug('"POST %s HTTP/1.1" 200', "/hooks/T0SECRET")
    assert capsys.readouterr().out == ""


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


def test_lines_about_requests_look_like_all_others(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("orders")
    context.enter("r1")
    context.order_id.set("o1")
    log_call(logging.getLogger("store.access"), "GET / 200", (("status", 200),), 0.0123)
    facts = {"status": 200, "duration_ms": 12.3}
    logging.getLogger("store.access").info("GET / 200", extra=facts)
    logged, recorded = lines(capsys)
    assert logged.pop("time") <= recorded.pop("time")
    assert logged == recorded
    assert (logged["order_id"], logged["status"]) == ("o1", 200)


def test_lines_about_requests_obey_level_and_form(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("orders", "WARNING")
    log_call(logging.getLogger("store.access"), "quiet", (), 0)
    set_up_logs("orders", "INFO", "text")
    log_call(logging.getLogger("store.access"), "GET / 200", (("order_id", "o1"),), 0.0123)
    said = capsys.readouterr().out
    assert said.endswith(" INFO    store.access: GET / 200 in 12.3 ms order_id=o1\n")


PROGRAM = """
import logging, os, threading
from store.server.telemetry.logs import set_up_logs, log_call

set_up_logs("orders")
log = logging.getLogger("store")

def write():
    for number in range(300):
        log_call(log, "short", (("number", number),), 0)
        log.error("x" * 9000)

threads = [threading.Thread(target=write) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
log.error("the last words")
os._exit(1)  # nothing is flushed any more
"""


def test_lines_of_many_threads_are_whole_and_none_waits_to_be_written() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        timeout=60,
    )
    messages = [json.loads(line)["message"] for line in done.stdout.splitlines()]
    assert len(messages) == 2401
    assert messages[-1] == "the last words"
