"""Keep secrets out of logs, even when somebody logs one by mistake."""

import logging
import re
from collections.abc import Mapping
from typing import Any

MASK = "***"

_SECRET_NAME = re.compile(r"authorization|cookie|passw|secret|token|api_?key", re.IGNORECASE)
_SECRETS = (
    (re.compile(r"\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*"), MASK),
    (re.compile(r"\b(Bearer|Basic)\s+[^\s\"',;]+", re.IGNORECASE), rf"\1 {MASK}"),
    (re.compile(r"\b((?:sk|rk|whsec|pk)_)\w+"), rf"\1{MASK}"),
    (
        re.compile(
            r"([\"']?[\w-]*(?:passw\w*|secret|token|api_?key)[\"']?\s*[=:]\s*)"
            r"(\"[^\"]*\"|'[^']*'|[^\s,;&}]+)",
            re.IGNORECASE,
        ),
        rf"\1{MASK}",
    ),
    (re.compile(r"(\w+://[^\s:/@]*:)[^\s@]+@"), rf"\1{MASK}@"),
    (re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-])"), MASK),
)
_PLAIN = vars(logging.makeLogRecord({})).keys()


def redacted(text: str) -> str:
    """The text with every secret that can be told from its looks masked."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


class Redaction(logging.Filter):
    """Masks secrets in the message, the extras and the traceback of every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always True: the record passes, without its secrets."""
        record.msg, record.args = redacted(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            record.exc_text = redacted(logging.Formatter().formatException(record.exc_info))
        for name in vars(record).keys() - _PLAIN:
            setattr(record, name, _clean(name, getattr(record, name)))
        return True


def _clean(name: str, value: Any) -> Any:
    if _SECRET_NAME.search(name):
        return MASK
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, Mapping):
        return {key: _clean(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean("", item) for item in value]
    return value
