"""What a check looked at, and what it found."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from store.audit.checks.proposals import Proposal

MAX_FINDINGS = 100  # findings remembered of each check; all of them are counted


@dataclass(frozen=True)
class Difference:
    """What should be, and what is; the proposals that have one right answer, and why the rest has not.

    `person` says why somebody has to look at it himself, and where to begin. Empty: nobody has to.
    """

    expected: str
    found: str
    proposals: tuple[Proposal, ...] = ()
    person: str = ""


@dataclass(frozen=True)
class Finding:
    """A difference, and what it is about: an order, a shelf, a currency."""

    subject: str
    expected: str
    found: str
    proposals: tuple[Proposal, ...] = ()
    person: str = ""


@dataclass
class Tally:
    """One check's row in the table. `means` says in a sentence what a finding of it is."""

    name: str
    means: str
    max_findings: int = MAX_FINDINGS
    counted: int = 0
    found: int = 0
    findings: list[Finding] = field(default_factory=list)

    def count(self, subject: str, difference: Difference | None) -> None:
        """Count one thing that was looked at, and the difference if there is one."""
        self.counted += 1
        if difference is not None:
            self.add(subject, difference)

    def add(self, subject: str, difference: Difference) -> None:
        """Add a finding about something that was counted already."""
        self.found += 1
        if len(self.findings) < self.max_findings:
            self.findings.append(Finding(subject, **vars(difference)))

    def add_all(self, counted: int, found: Iterable[tuple[str, Difference]]) -> "Tally":
        """So many things were looked at, and this was found."""
        self.counted += counted
        for subject, difference in found:
            self.add(subject, difference)
        return self
