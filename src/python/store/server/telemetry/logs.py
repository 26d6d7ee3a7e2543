"""Logs: one JSON line per record in production, a short readable one on a laptop."""

import logging
import os
import sys
import threading
from collections import deque
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson
from pythonjsonlogger.orjson import OrjsonFormatter

from store.server.environ import BadEnviron, Environ
from store.server.telemetry import context
from store.server.telemetry.redaction import Redaction

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_FORMS = ("json", "text")

LONGEST_WAIT_SECONDS = 0.1
"""So much of the log is lost when the process is killed."""

Facts = tuple[tuple[str, str | int], ...]
"""Names and values of what a line says besides its message."""


def environ_of(service: str) -> Environ:
    """This process's environment; from now on it logs as LOG_LEVEL and LOG_FORMAT say."""
    env = Environ(os.environ)
    set_up_logs(service, env.text("LOG_LEVEL", "INFO"), env.text("LOG_FORMAT", "json"))
    return env


def set_up_logs(service: str, level: str = "INFO", form: str = "json") -> None:
    """Send every record of this process to stdout, redacted, as `json` or as `text`.

    BadEnviron when the level or the form is none: both come from the environment.
    """
    if level.upper() not in _LEVELS:
        raise BadEnviron(f"bad environment: LOG_LEVEL must be one of {', '.join(_LEVELS)}")
    if form not in _FORMS:
        raise BadEnviron(f"bad environment: LOG_FORMAT must be one of {', '.join(_FORMS)}")
    handler = JsonLines(service) if form == "json" else logging.StreamHandler(sys.stdout)
    if form == "text":
        handler.setFormatter(TextLine())
    handler.addFilter(Redaction())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    # Its warnings hold whole addresses, whose paths may be secrets, and whatever bytes a stranger has sent.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    logging.captureWarnings(True)


def log_call(logger: logging.Logger, message: str, facts: Facts, seconds: float) -> None:
    """An INFO line for each request or call: what it was, how it ended, and how long it took.

    Message and facts are of few kinds and nothing that a caller wrote. So nothing is looked for in
    them, their JSON is made once, and the line is written past logging's records, filters and
    formatters: that takes a tenth of the time, and it is what most lines are.
    """
    if not logger.isEnabledFor(logging.INFO):
        return
    handlers = logging.root.handlers
    took = round(seconds * 1000, 2)
    if len(handlers) == 1 and isinstance(handlers[0], JsonLines):
        handlers[0].log_call(logger.name, message, facts, took)
    else:
        said = {**context.known(), **dict(facts), "duration_ms": took, "clean": True}
        logger.info(f"{message} in {took} ms", extra=said)


class JsonLines(logging.StreamHandler[Any]):
    """Writes JSON lines to stdout, each as a whole.

    Those of `log_call` are written together, a tenth of a second later at most: to hand a line to another
    process costs more than to make it. Any other line is written at once, with all before it.
    """

    def __init__(self, service: str) -> None:
        super().__init__(sys.stdout)
        self.setFormatter(JsonLine(service))
        self._service = service
        self._waiting: deque[bytes] = deque()
        self._is_due = False

    def log_call(self, logger: str, message: str, facts: Facts, took: float) -> None:
        """Write a line at INFO that needs no redaction."""
        fresh = {"time": datetime.now(UTC), "duration_ms": took, **context.known()}
        line = orjson.dumps(fresh)[:-1] + _known_end(self._service, logger, message, facts)
        self._waiting.append(line)
        if not self._is_due:
            self._is_due = True
            timer = threading.Timer(LONGEST_WAIT_SECONDS, self._write_waiting)
            timer.daemon = True
            timer.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Write what waits, then the record."""
        self._write_waiting()
        super().emit(record)

    def flush(self) -> None:
        """Write what waits, and hand it over; also called when the process ends."""
        self._write_waiting()
        super().flush()

    def _write_waiting(self) -> None:
        # Whoever adds a line from here on sees that it needs a timer of its own.
        self._is_due = False
        with self.lock or nullcontext():
            if lines := [self._waiting.popleft() for _ in range(len(self._waiting))]:
                self.stream.buffer.write(b"".join(lines))
                self.stream.flush()


@lru_cache(4096)
def _known_end(service: str, logger: str, message: str, facts: Facts) -> bytes:
    """The part of a line that many have in common: from the comma after what is fresh."""
    said = {"level": "INFO", "logger": logger, "message": message, "service": service}
    return b"," + orjson.dumps({**said, **dict(facts)})[1:] + b"\n"


class JsonLine(OrjsonFormatter):
    """time, level, logger, message, service, request_id, trace_id, and what the record adds."""

    def __init__(self, service: str) -> None:
        super().__init__("{message}", style="{")
        self._service = service

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        """Fill the line; `message_dict` brings the traceback."""
        log_data["time"] = datetime.fromtimestamp(record.created, UTC).isoformat()
        log_data["level"] = record.levelname
        log_data["logger"] = record.name
        log_data["message"] = record.message
        log_data["service"] = self._service
        log_data.update(context.known())
        members = vars(record)
        log_data.update({name: members[name] for name in members.keys() - _PLAIN})
        log_data.update(message_dict)


class TextLine(logging.Formatter):
    """`12:30:01 WARNING orders: message key=value`, for eyes."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """The line, with the record's extras behind it."""
        line = super().formatMessage(record)
        known = vars(record).keys() - _PLAIN - _SAID
        return " ".join([line, *(f"{name}={getattr(record, name)}" for name in sorted(known))])


_PLAIN = vars(logging.makeLogRecord({})).keys() | {"message", "asctime"}
_SAID = {"method", "route", "status", "code", "duration_ms", "request_id", "trace_id"}
"""What an access line already says in its message, and what eyes do not look for."""
