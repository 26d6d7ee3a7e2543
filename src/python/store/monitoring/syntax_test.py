import pytest

from store.monitoring.syntax import Grouping, NotPromql, Selector, Syntax

ERRORS = Selector("errors_total", (("job", "=", "orders"), ("status", "=~", "5.\\.")))
ALL = Selector("all_total", ())


def test_selectors_are_found_wherever_they_stand() -> None:
    expr = r"""
        sum(rate(errors_total{job="orders",status=~"5.\\."}[5m] offset 1h))
          / max_over_time(sum(all_total)[1h:1m]) or (-all_total @ end())
    """
    assert Syntax(expr).selectors() == [ERRORS, ALL]


def test_what_is_asked_for_without_a_range_is_known() -> None:
    expr = "all_total > 1 and last_over_time(a[45s]) and max_over_time(sum(b)[1h:1m]) and absent(c)"
    found = [selector.metric for selector in Syntax(expr).instant_selectors()]
    assert found == ["all_total", "b", "c"]


def test_a_selector_can_be_asked_again() -> None:
    assert str(ERRORS) == r'errors_total{job="orders",status=~"5.\\."}'
    assert Syntax(str(ERRORS)).selectors() == [ERRORS]
    assert (str(ALL), ALL.labels, ERRORS.labels) == ("all_total", (), ("job", "status"))


@pytest.mark.parametrize(
    ("expr", "groupings"),
    [
        ("sum by (job, le) (a)", {("job", "a", False), ("le", "a", False)}),
        ("topk without (job) (3, a)", {("job", "a", False)}),
        ("a / on (job) b", {("job", "a", False), ("job", "b", False)}),
        ("a / ignoring (job) b", {("job", "a", False), ("job", "b", False)}),
        (
            "a * on (job) group_left (version) b",
            {("job", "a", False), ("job", "b", False), ("version", "ab", False)},
        ),
        ('sum by (x) (label_replace(a, "x", "$1", "y", "(.*)"))', {("x", "a", True)}),
        ('sum by (v) (count_values("v", a))', {("v", "a", True)}),
    ],
)
def test_labels_are_found_with_those_whose_labels_they_can_be(
    expr: str, groupings: set[tuple[str, str, bool]]
) -> None:
    found = Syntax(expr).groupings()
    assert {_short(each) for each in found} == groupings


def _short(grouping: Grouping) -> tuple[str, str, bool]:
    metrics = "".join(selector.metric for selector in grouping.selectors)
    return grouping.label, metrics, grouping.is_made


@pytest.mark.parametrize(
    ("expr", "parts"),
    [
        ("a > 0.5", ["a"]),
        ("(rate(a[5m]) > 3) and on (job) b < 1", ["rate(a[5m])", "b"]),
        ("a > b", ["a", "b"]),
        ('absent(up{job="orders"})', ['up{job="orders"}']),
        ('absent_over_time(up{job="orders"}[45s])', ['up{job="orders"}']),
        ("a unless b", ["a", "b"]),
        ("a == 0 or c >= bool 2", ["a", "c"]),
        ("time() - a > 60", ["time() - a"]),
    ],
)
def test_an_alert_needs_both_sides_of_what_it_compares(expr: str, parts: list[str]) -> None:
    found = [" ".join(part.split()) for part in Syntax(expr).always_there()]
    assert found == parts


@pytest.mark.parametrize(
    ("expr", "reason"),
    [
        ("sum(", "unclosed left parenthesis"),
        ("rrate(a[5m])", "unknown function with name 'rrate'"),
        ("rate(a)", "expected type matrix"),
        ("", "no expression"),
    ],
)
def test_what_is_no_promql_is_refused_with_the_reason(expr: str, reason: str) -> None:
    with pytest.raises(NotPromql, match=reason):
        Syntax(expr)
