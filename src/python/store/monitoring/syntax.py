"""What a PromQL expression names: its selectors, its labels, and what an alert compares."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import promql_parser as promql

_OPERATORS = (
    (promql.MatchOp.Equal, "="),
    (promql.MatchOp.NotEqual, "!="),
    (promql.MatchOp.Re, "=~"),
    (promql.MatchOp.NotRe, "!~"),
)
_COMPARISONS = frozenset({"==", "!=", ">", "<", ">=", "<="})
_SET_OPERATORS = frozenset({"and", "or", "unless"})
_ABSENCES = frozenset({"absent", "absent_over_time"})
# Where the name of a label that they make stands among the arguments.
_MAKERS = {"label_replace": 1, "label_join": 1}


class NotPromql(Exception):
    """The text says why."""


@dataclass(frozen=True)
class Selector:
    """Which series are asked for: a metric, and what its labels are to be."""

    metric: str
    matchers: tuple[tuple[str, str, str], ...]

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(name for name, _, _ in self.matchers)

    def __str__(self) -> str:
        inside = ",".join(f"{name}{how}{json.dumps(value)}" for name, how, value in self.matchers)
        return f"{self.metric}{{{inside}}}" if inside else self.metric


@dataclass(frozen=True)
class Grouping:
    """A label in `by`, `without`, `on`, `ignoring` or `group_left`, and whose label it can be.

    It is a label of one of the selectors, or one that a function has made.
    """

    label: str
    selectors: tuple[Selector, ...]
    is_made: bool


class Syntax:
    """An expression, taken apart; NotPromql if it is none."""

    def __init__(self, expr: str) -> None:
        try:
            self._root = promql.parse(expr)
        except ValueError as error:
            raise NotPromql(str(error)) from None

    def selectors(self) -> list[Selector]:
        """Everything that it asks for, each once."""
        return [*dict.fromkeys(_selectors(self._root))]

    def instant_selectors(self) -> list[Selector]:
        """What it asks for without a range: the last sample, which may be 5 minutes old."""
        return [*dict.fromkeys(_instant_selectors(self._root))]

    def groupings(self) -> list[Grouping]:
        """Every label by which it groups or joins."""
        return [*dict.fromkeys(_groupings(self._root))]

    def always_there(self) -> list[str]:
        """What has to have a value at all times for an alert on this expression to see anything.

        That is what it compares, and not the comparison, which holds for nothing on a good day.
        """
        return [part.prettify() for part in _compared(self._root)]


def _children(node: promql.Expr) -> Iterator[promql.Expr]:
    match node:
        case promql.AggregateExpr():
            yield from (part for part in (node.expr, node.param) if part is not None)
        case promql.BinaryExpr():
            yield from (node.lhs, node.rhs)
        case promql.Call():
            yield from node.args
        case promql.MatrixSelector():
            yield node.vector_selector
        case promql.ParenExpr() | promql.SubqueryExpr() | promql.UnaryExpr():
            yield node.expr


def _nodes(node: promql.Expr) -> Iterator[promql.Expr]:
    yield node
    for child in _children(node):
        yield from _nodes(child)


def _selectors(root: promql.Expr) -> Iterator[Selector]:
    for node in _nodes(root):
        if isinstance(node, promql.VectorSelector):
            yield Selector(node.name or "", tuple(map(_matcher, node.matchers.matchers)))


def _instant_selectors(node: promql.Expr) -> Iterator[Selector]:
    if isinstance(node, promql.VectorSelector):
        yield from _selectors(node)
    elif not isinstance(node, promql.MatrixSelector):
        for child in _children(node):
            yield from _instant_selectors(child)


def _matcher(matcher: promql.Matcher) -> tuple[str, str, str]:
    how = next(sign for operator, sign in _OPERATORS if operator == matcher.op)
    return matcher.name, how, matcher.value


def _groupings(root: promql.Expr) -> Iterator[Grouping]:
    for node in _nodes(root):
        if isinstance(node, promql.AggregateExpr) and node.modifier:
            yield from _each(node.modifier.labels, node.expr)
        if isinstance(node, promql.BinaryExpr) and node.modifier:
            # A label to join on has to be there on both sides; one that is added, on either.
            for side in (node.lhs, node.rhs):
                yield from _each(node.modifier.matching and node.modifier.matching.labels, side)
            yield from _each(node.modifier.group_labels, node)


def _each(labels: list[str] | None, below: promql.Expr) -> Iterator[Grouping]:
    selectors, made = tuple(_selectors(below)), frozenset(_made(below))
    for label in labels or ():
        yield Grouping(label, selectors, label in made)


def _made(root: promql.Expr) -> Iterator[str]:
    """The labels that its functions make."""
    for node in _nodes(root):
        if isinstance(node, promql.Call) and node.func.name in _MAKERS:
            yield node.args[_MAKERS[node.func.name]].val
        if isinstance(node, promql.AggregateExpr) and isinstance(node.param, promql.StringLiteral):
            yield node.param.val  # of count_values


def _compared(node: promql.Expr) -> Iterator[promql.Expr]:
    match node:
        case promql.ParenExpr():
            yield from _compared(node.expr)
        case promql.Call() if node.func.name in _ABSENCES:
            for each in node.args:  # of what is missing in a range, each moment is asked for
                yield each.vector_selector if isinstance(each, promql.MatrixSelector) else each
        case promql.BinaryExpr() if str(node.op) in _SET_OPERATORS | _COMPARISONS:
            yield from _compared(node.lhs)
            yield from _compared(node.rhs)
        case promql.NumberLiteral():
            pass
        case _:
            yield node
