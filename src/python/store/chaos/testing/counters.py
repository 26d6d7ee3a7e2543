"""Counters of a store: summed over its processes, and as Prometheus has scraped them."""

from collections.abc import Iterable

import requests
from prometheus_client.parser import text_string_to_metric_families

from store.chaos.alarms.watched_store import WatchedStore
from store.monitoring.prometheus import Series

TIMEOUT_SECONDS = 10


def exposed_total(watched: WatchedStore, name: str, **labels: str) -> float:
    """The sum of a counter over all processes, as they expose it now."""
    return sum(
        _exposed_by(watched.metrics_url(process), name, labels)
        for process in watched.ports.processes
    )


def scraped_total(watched: WatchedStore, name: str, **labels: str) -> float:
    """The sum of a counter as Prometheus has scraped it last."""
    found = watched.prometheus.query(f"sum({selector(name, **labels)})")
    return sum(sample.value for sample in found)


def selector(name: str, **labels: str) -> str:
    """A selector of PromQL."""
    inside = ",".join(f'{label}="{value}"' for label, value in labels.items())
    return f"{name}{{{inside}}}"


def growth(found: Iterable[Series]) -> float:
    """How much counters have grown in all; one that falls has begun again at 0."""
    return sum(
        after if after < before else after - before
        for series in found
        for (_, before), (_, after) in zip(series.values, series.values[1:], strict=False)
    )


def _exposed_by(url: str, name: str, labels: dict[str, str]) -> float:
    session = requests.Session()
    session.trust_env = False  # a proxy has no business on the loopback
    with session, session.get(url, timeout=TIMEOUT_SECONDS) as page:
        families = text_string_to_metric_families(page.text)
    return sum(
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )
