"""Keep secrets out of logs, even when somebody logs one by mistake."""

import logging
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

MASK = "***"

_NAMES = r"passw\w*|secret|token|api_?key|authorization|cookie"
_PATTERNS = (
    # A token: three parts of base64url, the first beginning with `{"`.
    (r"\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*", MASK),
    (r"\b(Bearer|Basic)\s+[^\s\"',;]+", rf"\1 {MASK}"),
    # Keys of the payment provider and of its webhooks.
    (r"\b((?:sk|rk|pk|whsec)_)\w+", rf"\1{MASK}"),
    # name=value and "name": "value"
    (
        rf"([\"']?\b[\w-]*(?:{_NAMES})[\"']?\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s,;&}}]+)",
        rf"\1{MASK}",
    ),
    # The password in a URL.
    (r"(\w+://[^\s:/@]*:)[^\s@]+@", rf"\1{MASK}@"),
)
_SECRETS = [(re.compile(form, re.IGNORECASE), mask) for form, mask in _PATTERNS]
_KEYS = [_SECRETS[0], _SECRETS[2]]
_HINTS: tuple[str, ...] = ("eyj", "bearer", "basic", "sk_", "rk_", "pk_", "whsec", "://")
_HINTS += ("passw", "secret", "token", "apikey", "api_key", "authorization", "cookie")
_CARD = re.compile(r"(?<![\w:-])(?<!\d\.)\d(?:[ -]?\d){12,18}(?![\w-])")
_SECRET_NAME = re.compile(_NAMES, re.IGNORECASE)
_PLAIN = vars(logging.makeLogRecord({})).keys()


def redacted(text: str) -> str:
    """The text with every secret that can be recognised by its form masked."""
    # Most lines hold none: looking for hints costs a tenth of trying every pattern.
    lower = text.lower()
    if any(hint in lower for hint in _HINTS):
        for pattern, mask in _SECRETS:
            text = pattern.sub(mask, text)
    return _CARD.sub(_masked_card, text)


def quotable(value: Any) -> Any:
    """What a caller sent, as an answer may quote it: without tokens, keys and card numbers.

    Texts in lists and mappings, too. Other than in logs, names of fields say nothing here:
    "password: too short" is what a caller needs to read.
    """
    if isinstance(value, str):
        for pattern, mask in _KEYS:
            value = pattern.sub(mask, value)
        return _CARD.sub(_masked_card, value)
    if isinstance(value, Mapping):
        return {name: quotable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [quotable(item) for item in value]
    return value


def _masked_card(digits: re.Match[str]) -> str:
    numbers = [int(digit) for digit in digits[0] if digit.isdigit()]
    # The checksum of ISO/IEC 7812-1 tells cards from other long numbers, nine times in ten.
    doubled = (sum(divmod(2 * number, 10)) for number in numbers[-2::-2])
    return digits[0] if (sum(numbers[-1::-2]) + sum(doubled)) % 10 else MASK


class Redaction(logging.Filter):
    """Masks secrets in the message, the extras and the traceback of every record.

    Records that say `clean=True` pass as they are: the access log writes one for each request, and
    nothing in it comes from the caller.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Always True: the record passes, without its secrets."""
        if vars(record).pop("clean", False):
            return True
        record.msg, record.args = redacted(record.getMessage()), None
        if record.exc_info:
            trace = logging.Formatter().formatException(record.exc_info)
            record.exc_text, record.exc_info = redacted(trace), None
        members = vars(record)
        for name in members.keys() - _PLAIN:
            members[name] = _clean(name, members[name])
        return True


def _clean(name: str, value: Any) -> Any:
    if _is_secret(name):
        return MASK
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, Mapping):
        return {key: _clean(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean("", item) for item in value]
    return value


@lru_cache(1024)
def _is_secret(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None
