"""Programs of others that a test cannot do without."""

import os
from collections.abc import Callable

import pytest

from store.monitoring.programs import CannotWatch


def needed(program: Callable[[], str]) -> str:
    """The path that `program` finds. Where it finds none CI fails, and people are told how to get it."""
    try:
        return program()
    except CannotWatch as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing), pytrace=False)
        pytest.skip(str(missing))
