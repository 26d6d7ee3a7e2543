"""Limits that several services share, declared here alone.

A service's own are in its `limits.py`. Its tests compare both with the CHECKs of its database.
"""

import re

SKU = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"

MAX_ORDER_LINES = 100
MAX_LINE_UNITS = 10_000

CONTROL = r"\x00-\x1f\x7f-\x9f\ud800-\udfff"
"""What no text may hold, as part of a character class: Unicode's control characters (category Cc), and
halves of a surrogate pair, which UTF-8 cannot carry."""

CONTROL_CHARACTER = re.compile(f"[{CONTROL}]")
CONTROL_CHARACTER_BUT_LINES = re.compile(rf"(?![\t\n])[{CONTROL}]")
"""The same for texts of several lines: line feeds and tabs may pass."""
