"""The time, always aware and always UTC."""

from datetime import UTC, datetime


def now() -> datetime:
    """This moment, as an aware datetime in UTC."""
    return datetime.now(UTC)
