"""Programs of others that a test cannot do without, and our rules for it to look at."""

import os
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from store.monitoring.programs import CannotWatch
from store.monitoring.slos import RULES

RULE_FILES = sorted(RULES.glob("*.yaml"))


def needed(program: Callable[[], str]) -> str:
    """The path that `program` finds. Where it finds none CI fails, and people are told how to get it."""
    try:
        return program()
    except CannotWatch as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing), pytrace=False)
        pytest.skip(str(missing))


def rules(kind: str) -> list[dict[str, Any]]:
    """Every rule of a kind, `alert` or `record`, as its file has it."""
    groups = [group for file in RULE_FILES for group in yaml.safe_load(file.read_text())["groups"]]
    return [rule for group in groups for rule in group["rules"] if kind in rule]
