"""Whether a Prometheus that has watched the store has what a dashboard or a rule asks for."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from store.monitoring.expressions import Expression, ExpressionKind
from store.monitoring.prometheus import Client, Labels, QueryRefused, Series
from store.monitoring.syntax import Grouping, NotPromql, Selector, Syntax

ALWAYS = frozenset({"__name__"})


@dataclass
class QueryChecker:
    """Queries everything between `began` (unix) and now, every `step` seconds.

    `values` are what the variables of the dashboards stand for.
    """

    prometheus: Client
    began: float
    step: float
    values: Mapping[str, str]
    _series_by_selector: dict[str, Sequence[Labels]] = field(default_factory=dict)

    def complaints(self, expressions: Sequence[Expression]) -> list[str]:
        """A sentence for everything that is wrong, with where it stands."""
        return [
            f"{each.kind}, {each.location}: {complaint}\n    {each.expr.strip()}"
            for each in expressions
            for complaint in self.of(each)
        ]

    def of(self, expression: Expression) -> Iterator[str]:
        """What is wrong with one."""
        asked = expression.filled(self.values)
        try:
            syntax = Syntax(asked)
            self.prometheus.query(asked)
        except (NotPromql, QueryRefused) as error:
            yield f"is no PromQL: {error}"
            return
        wrong_names = [*self._wrong_names(syntax)]
        yield from wrong_names
        if not wrong_names:
            parts = syntax.always_there() if expression.kind is ExpressionKind.ALERT else [asked]
            yield from self._wrong_answers(parts, expression.labels)

    def _wrong_names(self, syntax: Syntax) -> Iterator[str]:
        for selector in syntax.selectors():
            yield from self._wrong_selector(selector)
        for grouping in syntax.groupings():
            if not self._has_label(grouping):
                metrics = ", ".join(selector.metric for selector in grouping.selectors)
                yield f"there is no label {grouping.label} in {metrics}"

    def _wrong_selector(self, selector: Selector) -> Iterator[str]:
        if selector.metric and not self._series(selector.metric):
            yield f"there is no metric {selector.metric}"
            return
        absent = [name for name in selector.labels if not self._names(selector, name)]
        for name in absent:
            yield f"there is no label {name} in {selector.metric}"
        if not absent and not self._series(str(selector)):
            yield f"no series is {selector}"

    def _wrong_answers(self, parts: Sequence[str], labels: frozenset[str]) -> Iterator[str]:
        found = list[Series]()
        for part in parts:
            answer = self.prometheus.query_range(part, self.began, time.time(), self.step)
            if all(math.isnan(value) for series in answer for _, value in series.values):
                yield f"answers nothing{'' if len(parts) == 1 else f' to {part}'}"
            found += answer
        for label in sorted(labels):
            if found and not any(label in series.labels for series in found):
                yield f"its text names {label}, which its answer has not"

    def _has_label(self, grouping: Grouping) -> bool:
        return grouping.is_made or any(
            self._names(selector, grouping.label) for selector in grouping.selectors
        )

    def _names(self, selector: Selector, label: str) -> bool:
        """Whether any series of the metric has the label."""
        if label in ALWAYS or not selector.metric:
            return True
        return any(label in labels for labels in self._series(selector.metric))

    def _series(self, selector: str) -> Sequence[Labels]:
        if selector not in self._series_by_selector:
            self._series_by_selector[selector] = self.prometheus.series(selector)
        return self._series_by_selector[selector]
