"""Logs: one JSON line per record in production, a short readable one on a laptop."""

import logging
import sys
from typing import Any

from pythonjsonlogger.orjson import OrjsonFormatter

from store.server import context
from store.server.redaction import Redaction


def set_up_logs(service: str, level: str = "INFO", form: str = "json") -> None:
    """Send every record of this process to stdout, redacted, as `json` or as `text`."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLine(service) if form == "json" else TextLine())
    handler.addFilter(Redaction())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    logging.captureWarnings(True)


class JsonLine(OrjsonFormatter):
    """time, level, logger, message, service, request_id, trace_id, and what the record adds."""

    def __init__(self, service: str) -> None:
        super().__init__(
            "{levelname}{name}{message}",
            style="{",
            rename_fields={"levelname": "level", "name": "logger"},
            static_fields={"service": service},
            timestamp="time",
        )

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        """Add what belongs to the request in hand."""
        super().add_fields(log_data, record, message_dict)
        if known := context.request_id.get():
            log_data["request_id"] = known
        if trace := context.trace_id():
            log_data["trace_id"] = trace


class TextLine(logging.Formatter):
    """`12:30:01 WARNING orders: message key=value`, for eyes."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """The line, with the record's extras behind it."""
        line = super().formatMessage(record)
        known = vars(record).keys() - _PLAIN
        return " ".join([line, *(f"{name}={getattr(record, name)}" for name in sorted(known))])


_PLAIN = vars(logging.makeLogRecord({})).keys() | {"message", "asctime"}
# The access line says these already.
_PLAIN |= {"method", "route", "status", "duration_ms"}
