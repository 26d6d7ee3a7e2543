"""The few shapes that almost every question to Prometheus has."""

from dataclasses import dataclass

WINDOW = "$__rate_interval"
"""Grafana's own: wide enough for four scrapes, and never narrower than a pixel."""


@dataclass(frozen=True)
class Query:
    """One question, and the name of its answer in the legend."""

    expr: str
    legend: str = ""
    exemplars: bool = False
    """Whether to draw single requests, too, of which there is a trace."""


def chosen(service: str) -> str:
    """Those replicas of a service that the reader has chosen; all of them if he has not."""
    return f'service="{service}",instance=~"$instance"'


def rate(counter: str, labels: str, by: str = "") -> str:
    """How much a counter grows a second, over all replicas."""
    return _sum(f"rate({counter}{{{labels}}}[{WINDOW}])", by)


def per_minute(counter: str, labels: str, by: str = "") -> str:
    """How much a counter grows a minute, over all replicas."""
    return f"60 * {rate(counter, labels, by)}"


def share(counter: str, labels: str, part: str, by: str = "") -> str:
    """The part of a counter's growth that also has the labels `part`: 0 to 1.

    It is 0, and not nothing, where nothing of that part has happened, or nothing at all.
    """
    whole = rate(counter, labels, by)
    some = rate(counter, f"{labels},{part}", by)
    return f"({some} or 0 * {whole}) / clamp_min({whole}, 1e-9)"


def quantile(q: float, histogram: str, labels: str, by: str = "") -> str:
    """What a share `q` of all observations stayed below, over all replicas."""
    summed = rate(f"{histogram}_bucket", labels, ", ".join(filter(None, ("le", by))))
    return f"histogram_quantile({q}, {summed})"


def quantiles(histogram: str, labels: str) -> list[Query]:
    """The median, and what the unlucky see, with examples to trace."""
    return [
        Query(quantile(percent / 100, histogram, labels), f"p{percent}", exemplars=percent == 99)
        for percent in (50, 95, 99)
    ]


def most(gauge: str, labels: str, by: str = "") -> str:
    """The highest of what the replicas report: the truth where each reports the whole."""
    return f"max by ({by}) ({gauge}{{{labels}}})" if by else f"max({gauge}{{{labels}}})"


def total(gauge: str, labels: str, by: str = "") -> str:
    """What the replicas report, added up."""
    return _sum(f"{gauge}{{{labels}}}", by)


def _sum(vector: str, by: str) -> str:
    return f"sum by ({by}) ({vector})" if by else f"sum({vector})"
