"""Starts a watched store, once, and takes the whole journey in it: then no query may find nothing."""

import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
import requests

from store.chaos.alarms.watched_store import WatchedStore
from store.chaos.testing.journey.whole_journey import WholeJourney
from store.chaos.testing.query_checker import QueryChecker
from store.devstack.output import Output
from store.devstack.ports import free_base
from store.monitoring.expressions import (
    Expression,
    ExpressionKind,
    of_dashboard,
    of_dashboards,
    of_rules,
    variables,
)
from store.monitoring.programs import GRAFANA, prometheus_program
from store.monitoring.testing import needed
from store.protos.inventory.v1 import inventory_pb2
from store.testing.folders import short_folder

FACTOR = 20.0
SCRAPES_IN_A_RATE = 4  # as Grafana has it
DASHBOARDS, RULES = GRAFANA / "dashboards", GRAFANA / "rules"
PLACEHOLDER = re.compile(r"\{\w+\}|<[^>]+>")
# The gateway has no document of its own: Stripe's describes it.
GATEWAY = {
    *(("GET", "/v1/payment_intents"), ("POST", "/v1/payment_intents"), ("GET", "/v1/refunds")),
    *(("GET", "/v1/payment_intents/{}"), ("POST", "/v1/payment_intents/{}")),
    *(("POST", f"/v1/payment_intents/{{}}/{verb}") for verb in ("confirm", "capture", "cancel")),
    *(("POST", "/v1/refunds"), ("GET", "/v1/refunds/{}"), ("GET", "/v1/charges/{}")),
    *(("GET", "/v1/events"), ("GET", "/v1/events/{}")),
    *((method, "/v1/test_helpers/faults") for method in ("GET", "POST", "DELETE")),
    *(("GET", "/v1/test_helpers/events/{}/deliveries"), ("GET", "/")),
    *(("GET", "/challenges/{}"), ("POST", "/challenges/{}")),
}

Route = tuple[str, str]


@pytest.fixture(scope="module")
def began() -> float:
    return time.time()


@pytest.fixture(scope="module")
def watched(began: float) -> Iterator[WatchedStore]:
    needed(prometheus_program)
    with (
        short_folder() as folder,
        WatchedStore(folder, free_base(), factor=FACTOR, output=Output()) as watched,
    ):
        WholeJourney(watched).run()
        yield watched


@pytest.fixture(scope="module")
def checker(watched: WatchedStore, began: float) -> QueryChecker:
    window = f"{round(SCRAPES_IN_A_RATE * watched.scrape_seconds * 1000)}ms"
    values = {**variables(DASHBOARDS), "__rate_interval": window}
    return QueryChecker(watched.prometheus, began, watched.scrape_seconds, values)


def documented(url: str) -> set[Route]:
    """Every operation of a service's OpenAPI document, its parameters without names."""
    paths = requests.get(f"{url}/openapi.json", timeout=10).json()["paths"]
    methods = {"get", "post", "put", "patch", "delete"}
    return {
        (method.upper(), PLACEHOLDER.sub("{}", path))
        for path, operations in paths.items()
        for method in operations.keys() & methods
    }


def counted(watched: WatchedStore, service: str) -> set[Route]:
    """Every route of a service that Prometheus has seen answered."""
    found = watched.prometheus.series(f'http_request_duration_seconds_count{{service="{service}"}}')
    return {(each["method"], PLACEHOLDER.sub("{}", each["route"])) for each in found}


def refuse(complaints: Sequence[str]) -> None:
    """Fail with all of them, in full."""
    if complaints:
        pytest.fail(f"{len(complaints)} wrong\n\n" + "\n\n".join(complaints), pytrace=False)


@pytest.mark.parametrize("service", ["users", "inventory", "orders"])
def test_every_operation_of_every_service_was_counted(watched: WatchedStore, service: str) -> None:
    url = watched.ports.url(service)
    operations = documented(url)
    assert len(operations) > 10
    assert operations - counted(watched, service) == set()


def test_every_route_of_the_gateway_was_counted(watched: WatchedStore) -> None:
    assert GATEWAY - counted(watched, "gateway") == set()


def test_every_rpc_was_counted(watched: WatchedStore) -> None:
    service = inventory_pb2.DESCRIPTOR.services_by_name["Inventory"]
    rpcs = {f"{service.full_name}/{method.name}" for method in service.methods}
    found = watched.prometheus.label_values("method", "rpc_request_duration_seconds_count")
    assert rpcs - set(found) == set()


def test_every_rule_is_healthy(watched: WatchedStore) -> None:
    rules = watched.prometheus.rules()
    assert len(rules) == len(of_rules(RULES))
    assert [(rule["name"], rule.get("lastError")) for rule in rules if rule["health"] != "ok"] == []


def test_every_query_of_every_panel_finds_what_it_names(checker: QueryChecker) -> None:
    queries = of_dashboards(DASHBOARDS)
    assert len({query.location.partition(":")[0] for query in queries}) == 4
    refuse(checker.complaints(queries))


def test_every_rule_finds_what_it_names(checker: QueryChecker) -> None:
    refuse(checker.complaints(of_rules(RULES)))


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("database_pool_in_use", "database_pool_in_uze", "there is no metric database_pool_in_uze"),
        ("by (kind)", "by (kynd)", "there is no label kynd in database_errors_total"),
        ("rate(database_errors", "rrate(database_errors", "is no PromQL: unknown function"),
        ('service="orders"', 'service="odders"', 'no series is .*service="odders"'),
        ("{{kind}}", "{{kynd}}", "its text names kynd, which its answer has not"),
    ],
)
def test_a_typo_in_a_panel_is_found(
    checker: QueryChecker, right: str, wrong: str, complaint: str
) -> None:
    text = (DASHBOARDS / "orders.json").read_text()
    inside = json.dumps(right)[1:-1]
    assert inside in text
    typo = of_dashboard(json.loads(text.replace(inside, json.dumps(wrong)[1:-1])), "orders")
    sound = of_dashboard(json.loads(text), "orders")
    found = [
        complaint
        for new, old in zip(typo, sound, strict=True)
        if new != old
        for complaint in checker.of(new)
    ]
    assert found
    assert all(re.match(complaint, each) for each in found)


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("orders_oldest_pending_seconds", "orders_oldest_seconds", "there is no metric"),
        ("max(", "by_max(", "is no PromQL"),
    ],
)
def test_a_typo_in_an_alert_is_found(
    checker: QueryChecker, right: str, wrong: str, complaint: str
) -> None:
    (alert,) = (rule for rule in of_rules(RULES) if "OrdersStuck" in rule.location)
    assert [*checker.of(alert)] == []
    (found,) = checker.of(replace(alert, expr=alert.expr.replace(right, wrong)))
    assert found.startswith(complaint)


def test_an_expression_that_finds_nothing_is_reported_with_where_it_stands(
    checker: QueryChecker,
) -> None:
    nothing = Expression(ExpressionKind.PANEL, "orders: A panel: A", "up > 1")
    (complaint,) = checker.complaints([nothing])
    assert complaint == "panel, orders: A panel: A: answers nothing\n    up > 1"
