"""Programs of others that a test cannot do without, and our rules for it to look at."""

import re
import subprocess
from collections.abc import Callable
from functools import cache
from typing import Any

import yaml

from store.monitoring.programs import CannotWatch
from store.monitoring.slos import RULES
from store.testing.missing_programs import skip_without

RULE_FILES = sorted(RULES.glob("*.yaml"))


OLDEST = (2, 42)
"""Of Prometheus: that of Debian 12, the oldest that our rules have been tried with."""


def needed(program: Callable[[], str]) -> str:
    """The path of Prometheus or promtool. Without it, or if it is too old, the test ends as `skip_without` says."""
    try:
        path = program()
    except CannotWatch:
        skip_without("Prometheus is not installed (apt-get install prometheus)")
    version = version_of(path)
    if version < OLDEST:
        oldest, found = (".".join(map(str, each)) for each in (OLDEST, version))
        skip_without(f"Prometheus {oldest} or newer is needed, and {path} is {found}")
    return path


@cache
def version_of(program: str) -> tuple[int, ...]:
    """Major and minor version of a Prometheus or promtool; none, which is below all, if it prints none."""
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"version (\d+)\.(\d+)", done.stdout + done.stderr)
    return tuple(map(int, found.groups())) if found else ()


def rules(kind: str) -> list[dict[str, Any]]:
    """Every rule of a kind, `alert` or `record`, as its file has it."""
    groups = [group for file in RULE_FILES for group in yaml.safe_load(file.read_text())["groups"]]
    return [rule for group in groups for rule in group["rules"] if kind in rule]
