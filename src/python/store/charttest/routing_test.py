"""What of the store is public: every documented path leads to its own service, and nothing else is open."""

from collections.abc import Callable
from typing import Any, cast

import pytest
from flask import Flask

from store.auth.testing import Signer
from store.charttest.helm import EXAMPLES
from store.charttest.objects import Objects
from store.charttest.testing import rendered
from store.gateway import app as gateway
from store.gateway.config import GatewayConfig
from store.inventory import app as inventory
from store.orders import app as orders
from store.orders.composition import AppDependencies as OrdersDependencies
from store.server.environ import Environ
from store.users import app as users
from store.users.composition import dependencies_of
from store.users.config import UsersConfig

PUBLIC = {"host": "shop.example.com"}
INGRESS = {**PUBLIC, "ingress": {"enabled": True, "className": "nginx", "tlsSecret": "shop-tls"}}
GATEWAY_API = {**PUBLIC, "gatewayApi": {"enabled": True, "parentRefs": [{"name": "public"}]}}
WAYS_IN = pytest.mark.parametrize("values", [INGRESS, GATEWAY_API], ids=["ingress", "gateway-api"])
STRIPE = EXAMPLES / "stripe.yaml"

WEBHOOK = "/v1/payment/webhook"
INSIDE = ["/", "/v1", "/docs", "/openapi.json", "/live", "/ready", "/metrics"]
"""What every service has at one path, or what is for nobody outside."""

ENVIRON = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1/nothing",
    "KEY_ENCRYPTION_SECRET": "a-secret-of-the-tests-that-is-long-enough",
    "SMTP_URL": "smtp://127.0.0.1",
    "MAIL_FROM": "shop@example.com",
    "PUBLIC_URL": "https://shop.example.com",
    "API_KEYS": "a-key-of-the-tests",
}


def users_app() -> Flask:
    return users.create_app(dependencies_of(UsersConfig.from_environ(Environ(ENVIRON))))


def inventory_app() -> Flask:
    return inventory.create_app(Signer().verifier())


def orders_app() -> Flask:
    # No request comes as far as what it is wired to.
    return orders.create_app(Signer().verifier(), cast(OrdersDependencies, None))


def gateway_app() -> Flask:
    return gateway.create_app(GatewayConfig.from_environ(Environ(ENVIRON)))


APPS = {"users": users_app, "inventory": inventory_app, "orders": orders_app}


def documented(app: Callable[[], Flask]) -> set[str]:
    """The paths of an OpenAPI document; a name stands where a parameter does."""
    document: Any = app().test_client().get("/openapi.json").get_json()
    return {path.replace("{", "").replace("}", "") for path in document["paths"]}


def prefixes(objects: Objects) -> list[tuple[str, str]]:
    """The public prefixes, each with the component that its requests are sent to."""
    found = [
        (path["path"], path["backend"]["service"]["name"])
        for ingress in objects.of("Ingress")
        for rule in ingress.spec["rules"]
        for path in rule["http"]["paths"]
    ] + [
        (match["path"]["value"], rule["backendRefs"][0]["name"])
        for route in objects.of("HTTPRoute")
        for rule in route.spec["rules"]
        for match in rule["matches"]
    ]
    return [(prefix, service.removeprefix("store-")) for prefix, service in found]


def begins(path: str, prefix: str) -> bool:
    """As Ingress (`Prefix`) and HTTPRoute (`PathPrefix`) have it: segment by segment."""
    segments = prefix.strip("/").split("/")
    return path.strip("/").split("/")[: len(segments)] == segments


def takers(objects: Objects, path: str) -> set[str]:
    """Who may get the requests of this path."""
    return {component for prefix, component in prefixes(objects) if begins(path, prefix)}


@pytest.fixture(scope="module", params=APPS)
def service(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def paths(service: str) -> set[str]:
    found = documented(APPS[service])
    assert len(found) > 8
    return found


@WAYS_IN
def test_every_documented_path_leads_to_its_service(
    values: dict[str, Any], service: str, paths: set[str]
) -> None:
    objects = rendered(values)
    astray = {path: takers(objects, path) for path in paths - {WEBHOOK}}
    assert {path: to for path, to in astray.items() if to != {service}} == {}


@WAYS_IN
def test_no_prefix_is_open_that_no_path_needs(values: dict[str, Any]) -> None:
    public = {name: documented(app) for name, app in APPS.items()}
    public["gateway"] = {rule.rule for rule in gateway_app().url_map.iter_rules()}
    for prefix, component in prefixes(rendered(values)):
        assert any(begins(path, prefix) for path in public[component])


@WAYS_IN
def test_no_prefix_begins_another(values: dict[str, Any]) -> None:
    found = [prefix for prefix, _ in prefixes(rendered(values))]
    assert len(found) > 15
    assert [(a, b) for a in found for b in found if a is not b and begins(a, b)] == []


@WAYS_IN
@pytest.mark.parametrize("path", INSIDE)
def test_what_every_service_has_stays_inside(values: dict[str, Any], path: str) -> None:
    assert takers(rendered(values), path) == set()


@pytest.mark.parametrize("service", [*APPS, "gateway"])
def test_the_root_of_each_service_says_where_it_is_documented(service: str) -> None:
    client = {**APPS, "gateway": gateway_app}[service]().test_client()
    root = client.get("/").get_json()
    assert (root["service"], root["docs"]) == (service, "/docs")
    assert client.get(root["docs"]).status_code == client.get(root["openapi"]).status_code == 200


@WAYS_IN
def test_of_our_gateway_buyers_see_the_3d_secure_page_alone(values: dict[str, Any]) -> None:
    rules = {rule.rule for rule in gateway_app().url_map.iter_rules()}
    public = {rule for rule in rules if takers(rendered(values), rule) == {"gateway"}}
    assert public == {"/challenges/<challenge>"}


@WAYS_IN
def test_our_gateway_calls_from_inside(values: dict[str, Any]) -> None:
    assert takers(rendered(values), WEBHOOK) == set()


def test_stripe_calls_from_outside_and_there_is_no_gateway_to_see() -> None:
    objects = rendered(STRIPE)
    assert takers(objects, WEBHOOK) == {"orders"}
    assert takers(objects, "/challenges/one") == set()


@WAYS_IN
def test_what_comes_in_arrives_at_a_port_of_a_service(values: dict[str, Any]) -> None:
    objects = rendered(values)
    for _, component in prefixes(objects):
        (port,) = objects.one("Service", f"store-{component}").spec["ports"]
        assert (port["name"], port["port"]) == ("http", 8000)


def test_ingress_and_route_send_to_that_port() -> None:
    (ingress,) = rendered(INGRESS).of("Ingress")
    (route,) = rendered(GATEWAY_API).of("HTTPRoute")
    (rule,) = ingress.spec["rules"]
    assert {each["backend"]["service"]["port"]["name"] for each in rule["http"]["paths"]} == {
        "http"
    }
    assert {each["backendRefs"][0]["port"] for each in route.spec["rules"]} == {8000}


def test_paths_are_prefixes_but_for_the_one_that_some_controllers_refuse_to_take_as_such() -> None:
    (ingress,) = rendered(INGRESS).of("Ingress")
    (rule,) = ingress.spec["rules"]
    others = {each["path"] for each in rule["http"]["paths"] if each["pathType"] != "Prefix"}
    assert others == {"/.well-known/jwks.json"}


def test_only_the_public_host_is_answered_and_with_its_certificate() -> None:
    (ingress,) = rendered(INGRESS).of("Ingress")
    (route,) = rendered(GATEWAY_API).of("HTTPRoute")
    assert [rule["host"] for rule in ingress.spec["rules"]] == [PUBLIC["host"]]
    assert ingress.spec["tls"] == [{"hosts": [PUBLIC["host"]], "secretName": "shop-tls"}]
    assert route.spec["hostnames"] == [PUBLIC["host"]]


def test_no_rule_of_a_route_has_more_matches_than_any_gateway_takes() -> None:
    # Gateway API 1.0 takes 8 matches in each of 16 rules, later ones more.
    (route,) = rendered(GATEWAY_API).of("HTTPRoute")
    assert len(route.spec["rules"]) <= 16
    assert all(1 <= len(rule["matches"]) <= 8 for rule in route.spec["rules"])


def test_without_a_way_in_nothing_is_public() -> None:
    assert rendered().of("Ingress", "HTTPRoute") == []
