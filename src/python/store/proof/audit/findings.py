"""What a check looked at, and what it found."""

from collections.abc import Iterable
from dataclasses import dataclass, field

KEPT = 100  # findings remembered of each check; all of them are counted


@dataclass(frozen=True)
class Difference:
    """What should be, and what is."""

    expected: str
    found: str


@dataclass(frozen=True)
class Finding:
    """A difference, and what it is about: an order's id, a shelf, a currency."""

    subject: str
    expected: str
    found: str


@dataclass
class Tally:
    """One check's row in the table."""

    name: str
    counted: int = 0
    found: int = 0
    findings: list[Finding] = field(default_factory=list)

    def count(self, subject: str, difference: Difference | None) -> None:
        """Count one row that was looked at, and the difference if there is one."""
        self.counted += 1
        if difference is None:
            return
        self.found += 1
        if len(self.findings) < KEPT:
            self.findings.append(Finding(subject, difference.expected, difference.found))

    def count_all(self, rows: Iterable[tuple[str, object, object]]) -> "Tally":
        """Count rows of subject, expected and found."""
        for subject, expected, found in rows:
            same = expected == found
            self.count(subject, None if same else Difference(str(expected), str(found)))
        return self
