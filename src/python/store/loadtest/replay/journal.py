"""What a replay has reached so far, in a file that survives being killed at any moment."""

import json
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

FINAL = frozenset({"confirmed", "rejected", "cancelled", "shipped", "delivered", "refunded"})


@dataclass(frozen=True)
class OrderOutcome:
    """How placing one order of the file ended."""

    order: str
    state: str  # the store's, or `refused` (a 4xx) or `unanswered`
    reason: str = ""
    id: str = ""
    seconds: float = 0.0  # until the store answered, with every attempt
    attempts: int = 1

    @property
    def is_final(self) -> bool:
        """Whether nothing will happen to it any more; a refused order was never taken."""
        return self.state in FINAL or self.state == "refused"


class Journal:
    """One line of JSON an outcome; the last one of an order counts."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self.known = {outcome.order: outcome for outcome in _read(file)}
        self._file = file.open("a", encoding="utf-8")
        # A line that was torn by a kill must not swallow the next one.
        self._file.write("\n")

    def is_done(self, order: str) -> bool:
        """Whether an earlier run has seen the end of it."""
        return order in self.known and self.known[order].is_final

    def note(self, outcome: OrderOutcome) -> None:
        """Keep it; safe from several threads."""
        with self._lock:
            self.known[outcome.order] = outcome
            self._file.write(json.dumps(asdict(outcome)) + "\n")
            self._file.flush()

    def close(self) -> None:
        self._file.close()


def _read(file: Path) -> Iterator[OrderOutcome]:
    if not file.exists():
        return
    with file.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                yield OrderOutcome(**json.loads(line))
            except (ValueError, TypeError):
                continue  # torn by a kill: that order is placed again, under the same key
