"""The service level objectives for browsing and buying, and grafana/rules/slos.yaml, made of them.

    python -m store.monitoring.slos     # writes the file anew

Alerts by "The Site Reliability Workbook" (Google, 2018), chapter 5, table 5-8: they fire when the error
budget of 30 days is being used up so many times too fast, over a long window, so that it matters, and
over a short one, so that it is still going on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

RULES = Path("grafana/rules")
WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d")
EVERY_SECONDS = 30
LEAST = 10
"""Requests that must have failed before an alert fires: at night, 1 of 3 pages nobody."""

HEAD = """\
# The service level objectives, and how fast their error budgets are used up. Made from the table in
# src/python/store/monitoring/slos.py by `python -m store.monitoring.slos`: change it there.
#
# Each SLO has two rates, of what went wrong and of all that counts; a ratio over a window is the mean of
# the one by the mean of the other, so that an hour with many buyers weighs more than one with few.
# Without traffic a ratio is 0 and no NaN. Slow is judged among answers that are no error: what failed
# counts as failed, however fast. An alert also asks for {least} failures in its long window: a sample of
# a rate stands for the {every} seconds until the next.
"""


@dataclass(frozen=True)
class Burn:
    """How many times too fast the budget is used up, over which windows."""

    factor: str
    long: str
    short: str


BURNS = {
    "page": (Burn("14.4", "1h", "5m"), Burn("6", "6h", "30m")),
    "ticket": (Burn("3", "1d", "2h"), Burn("1", "3d", "6h")),
}
LASTS = {
    "page": "At this rate the error budget of 30 days is used up within 2 to 5 days.",
    "ticket": "At this rate the error budget of 30 days is used up before they are over.",
}


@dataclass(frozen=True)
class Slo:
    """A promise: at most `budget` of all requests that count, in 30 days, go wrong.

    `wrong` and `all` name their rates; `wrong_rate` and `all_rate` are how these are measured.
    """

    wrong: str
    all: str
    wrong_rate: str
    all_rate: str
    budget: str
    alert: str
    summary: str

    def ratio(self, window: str) -> str:
        """The name of its ratio over a window."""
        return f"slo:{self.wrong}:ratio_rate{window}"


def promises(name: str, requests: str, seconds: str, whom: str) -> tuple[Slo, Slo]:
    """What we promise about some requests: 99.9 % are no error, 99 % of the answers come in time."""
    count, bucket = (f"http_request_duration_seconds_{each}" for each in ("count", "bucket"))
    answers = f'{requests}, status!~"5.."'
    in_time = f'sum(rate({bucket}{{{answers}, le="{seconds}"}}[5m]))'
    every = f"sum(rate({count}{{{requests}}}[5m]))"
    answered = f"sum(rate({count}{{{answers}}}[5m]))"
    # `or 0 * …`: no error so far is an error rate of 0, not of nothing.
    failed = f'sum(rate({count}{{{requests}, status=~"5.."}}[5m]) or 0 * rate({count}{{{requests}}}[5m]))'
    title = name.capitalize()
    errors = Slo(
        f"{name}_errors", f"{name}_requests", failed, every, "0.001",
        f"{title}ErrorBudgetBurn", f"{whom} get errors: {{share}} of requests fail, 0.1% may.",
    )  # fmt: skip
    slow = Slo(
        f"{name}_slow", f"{name}_answers", f"{answered} - {in_time}", answered, "0.01",
        f"{title}LatencyBudgetBurn",
        f"{whom} wait: {{share}} of answers take longer than {seconds.removesuffix('.0')} s, 1% may.",
    )  # fmt: skip
    return errors, slow


BROWSE = 'job="inventory", method="GET", route=~"/v1/(products|categories).*"'
CHECKOUT = 'job="orders", method="POST", route="/v1/orders"'
# The histogram's bounds as the client library writes them: 1.0 and not 1.
SLOS = (
    *promises("browse", BROWSE, "0.25", "People who browse"),
    *promises("checkout", CHECKOUT, "1.0", "Buyers"),
)


def as_yaml() -> str:
    """The file of rules: for each promise its rates, its ratios and its alerts."""
    groups = [
        {"name": f"slo-{slo.wrong}", "interval": f"{EVERY_SECONDS}s", "rules": [*_rules(slo)]}
        for slo in SLOS
    ]
    body = yaml.dump({"groups": groups}, Dumper=_Plain, sort_keys=False, width=1000)
    return HEAD.format(least=LEAST, every=EVERY_SECONDS) + body.replace("\n- name", "\n\n- name")


def write(folder: Path) -> None:
    (folder / "slos.yaml").write_text(as_yaml())


def _rules(slo: Slo) -> Iterator[dict[str, Any]]:
    yield {"record": f"slo:{slo.wrong}:rate5m", "expr": slo.wrong_rate}
    yield {"record": f"slo:{slo.all}:rate5m", "expr": slo.all_rate}
    for window in WINDOWS:
        yield {"record": slo.ratio(window), "expr": _ratio(slo, window)}
    for severity in BURNS:
        yield _alert(slo, severity)


def _ratio(slo: Slo, window: str) -> str:
    wrong, every = f"slo:{slo.wrong}:rate5m", f"slo:{slo.all}:rate5m"
    if window != "5m":
        wrong, every = (f"avg_over_time({rate}[{window}])" for rate in (wrong, every))
    return f"{wrong} / clamp_min({every}, 1e-9)"


def _alert(slo: Slo, severity: str) -> dict[str, Any]:
    return {
        "alert": slo.alert,
        "expr": "\nor\n".join(_burns(slo, burn) for burn in BURNS[severity]) + "\n",
        "labels": {"severity": severity},
        "annotations": {
            "summary": slo.summary.format(share="{{ $value | humanizePercentage }}"),
            "description": f"{LASTS[severity]} The dashboard of the service shows which route it is, "
            "and the cause.",
            "runbook_url": f"grafana/runbooks.md#{slo.alert.lower()}",
        },
    }


def _burns(slo: Slo, burn: Burn) -> str:
    limit = f"{burn.factor} * {slo.budget}"
    return (
        f"(\n    {slo.ratio(burn.long)} > {limit}\n"
        f"  and\n    {slo.ratio(burn.short)} > {limit}\n"
        f"  and\n    sum_over_time(slo:{slo.wrong}:rate5m[{burn.long}]) * {EVERY_SECONDS} > {LEAST}\n)"
    )


class _Plain(yaml.SafeDumper):
    """Writes expressions of several lines as they are read."""

    def represent_text(self, text: str) -> yaml.Node:
        """A block where there are several lines."""
        return self.represent_scalar(
            "tag:yaml.org,2002:str", text, style="|" if "\n" in text else None
        )


_Plain.add_representer(str, _Plain.represent_text)

if __name__ == "__main__":
    write(RULES)
