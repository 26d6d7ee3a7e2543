"""What was answered to the requests of a fuzzing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class FuzzResponse:
    """One answer; status 0 when the server closed the connection without a word."""

    service: str
    request: str  # for people
    status: int
    body: str = ""


def failures(answers: Iterable[FuzzResponse]) -> Sequence[str]:
    """Those that are the server's own fault."""
    return [
        f"{each.service}: {each.request[:300]!r} -> {each.status} {each.body[:300]}"
        for each in answers
        if each.status >= 500
    ]
