"""Pages of metrics: their series, and what their labels say."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import requests

ANSWER_SECONDS = 20
_SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_LOOKS_OWN = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-|@|//|\?|%|\s|[0-9a-f]{12}|\d{6}|eyJ|[^ -~]", re.IGNORECASE
)
_PARAMETER = re.compile(r"<[^<>]*>")  # in the template of a route, such as <uuid:order_id>


@dataclass(frozen=True)
class Series:
    """One line of a page: its name and labels."""

    name: str
    labels: tuple[tuple[str, str], ...]


def page(ops_url: str) -> str:
    """A process's page of metrics."""
    answer = requests.get(f"{ops_url}/metrics", timeout=ANSWER_SECONDS)
    answer.raise_for_status()
    return answer.text


def samples(page: str) -> Mapping[Series, float]:
    """The values on a page by series; ValueError for a line that is none."""
    return dict(_sample(line) for line in page.splitlines() if line and line[0] != "#")


def _sample(line: str) -> tuple[Series, float]:
    found = _SAMPLE.match(line)
    if not found:
        raise ValueError(f"no sample: {line!r}")
    labels = tuple(_LABEL.findall(found[2] or ""))
    return Series(found[1], labels), float(found[3])


def leaks(series: Iterable[Series], sent: Iterable[str]) -> Iterator[str]:
    """Label values that hold what a caller has sent, or look as if they did."""
    words = [word.lower() for word in sent]
    for value in sorted({value for each in series for _, value in each.labels}):
        if _LOOKS_OWN.search(_PARAMETER.sub("<>", value)) or any(
            word in value.lower() for word in words
        ):
            yield value
