import logging
import threading
import time

import pytest

from store.server.errors import Unavailable
from store.server.process import readiness
from store.server.process.readiness import Checks


def test_a_hanging_check_costs_one_deadline_and_one_thread() -> None:
    go = threading.Event()
    asked: list[int] = []

    def hang() -> None:
        asked.append(1)
        go.wait(10)

    checks = Checks({"one": hang, "two": lambda: None, "three": hang}, deadline=0.2)
    began = time.monotonic()
    for _ in range(2):
        assert checks.failing() == {"one": "no answer in time", "three": "no answer in time"}
    assert time.monotonic() - began < 2
    assert len(asked) == 2
    go.set()
    assert Checks({"one": lambda: None}).failing() == {}


def test_the_log_tells_why_not_and_only_when_that_changes(caplog: pytest.LogCaptureFixture) -> None:
    trouble: list[Exception] = []

    def ask() -> None:
        for each in trouble:
            raise Unavailable("The database is not available.") from each

    checks = Checks({"database": ask})
    with caplog.at_level(logging.INFO, logger=readiness.__name__):
        for error in (
            None,
            None,
            OSError("port 5432 failed:\n\tNo route"),
            OSError("refused"),
            None,
        ):
            trouble[:] = [error] if error else []
            checks.failing()
    assert caplog.messages == [
        "ready",
        "not ready: database: The database is not available. (port 5432 failed: No route)",
        "ready",
    ]
