"""promtool, which comes with Prometheus: it checks rules, and runs their unit tests."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from store.monitoring.programs import installed

TIMEOUT_SECONDS = 120


@dataclass(frozen=True)
class Verdict:
    """Whether promtool accepts them, and what it printed."""

    ok: bool
    output: str


def promtool_program() -> str:
    """The path of promtool; CannotWatch, which says how to get it, if there is none."""
    return installed(
        ["promtool"],
        "promtool is not installed, so no rule can be checked. It comes with Prometheus: "
        "apt-get install prometheus",
    )


def check_rules(files: Sequence[Path]) -> Verdict:
    """Whether these files are rules that Prometheus takes."""
    return _run("check", "rules", *map(str, files))


def check_configuration(file: Path) -> Verdict:
    """Whether this is a configuration that Prometheus takes, with the rules that it names."""
    return _run("check", "config", str(file))


def run_tests(files: Sequence[Path]) -> Verdict:
    return _run("test", "rules", *map(str, files))


def _run(*arguments: str) -> Verdict:
    ran = subprocess.run(
        [promtool_program(), *arguments],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    return Verdict(ran.returncode == 0, ran.stdout + ran.stderr)
