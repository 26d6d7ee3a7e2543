"""What a scrape costs: the page of metrics, asked for as Prometheus asks."""

import time
from dataclasses import dataclass

import requests

from store.bench.rounds import Range
from store.bench.servers import MeasuredServer

SCRAPES = 15
ACCEPT = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"


@dataclass(frozen=True)
class Scrape:
    """A page of metrics: how large, and how long it takes."""

    series: int
    size: int  # bytes
    millis: Range
    cpu_millis: Range


def scrape(served: MeasuredServer) -> Scrape:
    """The cost of this process's page; what it does meanwhile waits, since it has one thread."""
    pages = [_page(served) for _ in range(SCRAPES)]
    text = pages[-1][0]
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return Scrape(
        series=len(lines),
        size=len(text.encode()),
        millis=Range.of([took * 1000 for _, took, _ in pages]),
        cpu_millis=Range.of([cpu * 1000 for _, _, cpu in pages]),
    )


def _page(served: MeasuredServer) -> tuple[str, float, float]:
    cpu, began = served.cpu_seconds(), time.perf_counter()
    answer = requests.get(f"{served.ops_url}/metrics", headers={"Accept": ACCEPT}, timeout=10)
    took = time.perf_counter() - began
    answer.raise_for_status()
    return answer.text, took, served.cpu_seconds() - cpu
