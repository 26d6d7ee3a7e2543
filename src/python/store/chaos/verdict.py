"""What a scenario came to: its facts, and everything that is wrong."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from store.audit.audit import Result


@dataclass(frozen=True)
class Verdict:
    """One run of a scenario. `facts` are a row of its table; nothing is wrong if it went well."""

    scenario: str
    facts: Mapping[str, str]
    wrongs: Sequence[str] = ()

    @property
    def is_well(self) -> bool:
        return not self.wrongs


def findings_of(result: Result) -> Iterator[str]:
    """A sentence for each thing that the audit has found, as far as it remembers them."""
    for tally in result.tallies:
        for finding in tally.findings:
            yield (
                f"{tally.name}: {finding.subject}: expected {finding.expected}, "
                f"found {finding.found}"
            )
        if tally.found > len(tally.findings):
            yield f"{tally.name}: {tally.found - len(tally.findings):,} more"
