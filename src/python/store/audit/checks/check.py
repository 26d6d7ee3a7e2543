"""What a check of orders is. To add one, write a function and name it in its file's CHECKS.

A check gets a case it concerns, and the time before which everything should have settled; it answers
the difference between what should be and what is, or None. It never sees cases that changed since.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from store.audit.cases.case import Case
from store.audit.checks.findings import Difference


@dataclass(frozen=True)
class Check:
    """A name for people, what a finding means, which cases it concerns, and how to judge one."""

    name: str
    means: str
    concerns: Callable[[Case], bool]
    judge: Callable[[Case, datetime], Difference | None]
