"""What Prometheus answers to the queries of a dashboard, in the way Grafana asks it."""

import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from store.monitoring.expressions import Expression, Kind
from store.monitoring.pictures.boards import Board, Mark, Panel, Target
from store.monitoring.prometheus import Client, Labels, Series

SCRAPE_SECONDS = 15
"""As in grafana/prometheus.yml, and as the data source is told (`timeInterval`)."""

_LEGEND = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(frozen=True)
class Line:
    """One series under the name that its legend gives it, with NaN where it has no value."""

    name: str
    values: Sequence[float]

    @property
    def last(self) -> float:
        """The last value that is a number; NaN if there is none."""
        return next((value for value in reversed(self.values) if not math.isnan(value)), math.nan)

    @property
    def highest(self) -> float:
        """The highest value; NaN if there is none."""
        return max((value for value in self.values if not math.isnan(value)), default=math.nan)


@dataclass(frozen=True)
class Window:
    """From when to when (unix, multiples of the step) is looked, and how often."""

    start: int
    end: int
    step: int = SCRAPE_SECONDS

    @classmethod
    def of_the_last(cls, minutes: float) -> "Window":
        """The window that ends now."""
        end = int(time.time()) // SCRAPE_SECONDS * SCRAPE_SECONDS
        return cls(end - math.ceil(minutes * 60 / SCRAPE_SECONDS) * SCRAPE_SECONDS, end)

    @property
    def times(self) -> Sequence[int]:
        return range(self.start, self.end + 1, self.step)

    @property
    def variables(self) -> Mapping[str, str]:
        """What Grafana fills in by itself, by its documentation's rules."""
        rate = max(self.step + SCRAPE_SECONDS, 4 * SCRAPE_SECONDS)
        return {
            "__interval": f"{self.step}s",
            "__rate_interval": f"{rate}s",
            "__range": f"{self.end - self.start}s",
        }


class Answers:
    """Asks for one dashboard over one window."""

    def __init__(self, prometheus: Client, board: Board, window: Window) -> None:
        self._prometheus, self._board, self.window = prometheus, board, window
        self._variables = {**board.variables, **window.variables}

    def lines(self, panel: Panel) -> list[Line]:
        """Every series of a panel; none if no query of it returns anything."""
        return [line for target in panel.targets for line in self._lines_of(target)]

    def table(self, panel: Panel) -> list[Labels]:
        """The rows of a table as they stand at the end, each with its `Value`."""
        return [
            {**sample.labels, "Value": f"{sample.value:g}"}
            for target in panel.targets
            for sample in self._prometheus.query(self._filled(target.expr), self.window.end)
        ]

    @cached_property
    def marks(self) -> Sequence[tuple[float, str]]:
        """The times within the window that are marked in every panel, each with its colour."""
        return [(at, mark.colour) for mark in self._board.marks for at in self._moments(mark)]

    def _moments(self, mark: Mark) -> list[float]:
        found = set[float]()
        for series in self._range(mark.expr):
            if mark.by_value:
                found |= {value / 1000 for _, value in series.values}
            else:
                found.add(series.values[0][0])
        return sorted(at for at in found if self.window.start < at <= self.window.end)

    def _lines_of(self, target: Target) -> list[Line]:
        return [
            Line(legend(target.legend, series.labels), self._aligned(series))
            for series in self._range(target.expr)
        ]

    def _range(self, expr: str) -> list[Series]:
        window = self.window
        return self._prometheus.query_range(
            self._filled(expr), window.start, window.end, window.step
        )

    def _aligned(self, series: Series) -> list[float]:
        known = {round(at): value for at, value in series.values}
        return [known.get(at, math.nan) for at in self.window.times]

    def _filled(self, expr: str) -> str:
        return Expression(Kind.PANEL, "", expr).filled(self._variables)


def legend(pattern: str, labels: Labels) -> str:
    """What a series is called; without a pattern by its labels, as Grafana does."""
    if pattern:
        return _LEGEND.sub(lambda found: labels.get(found[1], ""), pattern)
    inside = ", ".join(f'{name}="{text}"' for name, text in labels.items() if name != "__name__")
    return f"{labels.get('__name__', '')}{{{inside}}}"
