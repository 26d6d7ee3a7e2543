"""What every test may need."""

import os
from typing import NoReturn

import pytest


def skip_without(program: str) -> NoReturn:
    """End a test for want of a program; `program` says which, and how to get it.

    The test is skipped, and Pants counts such tests at the end of the run. In CI it fails, unless
    SKIP_MISSING_PROGRAMS says that this machine is meant to have none.
    """
    if os.environ.get("CI") and not os.environ.get("SKIP_MISSING_PROGRAMS"):
        pytest.fail(program, pytrace=False)
    pytest.skip(program)
