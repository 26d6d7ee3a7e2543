"""Secrets go through every endpoint, and none is found in any log, metric, span or error.

With logs at DEBUG and every request traced, while all is well and while the gateway or the database
is down.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

import pytest

from store.chaos.own_store import OwnStore
from store.chaos.testing.collector import Collector
from store.devstack.accounts import CUSTOMER
from store.devstack.folder import Folder
from store.devstack.output import Output
from store.devstack.ports import HOST, Ports, free_base
from store.testing.folders import short_folder
from store.testing.fuzz.answers import FuzzResponse
from store.testing.fuzz.callers import tokens
from store.testing.fuzz.orders import buy
from store.testing.fuzz.pages import page
from store.testing.fuzz.rpc import call_with
from store.testing.fuzz.search import found
from store.testing.fuzz.secret_journeys import pushes, send_all
from store.testing.fuzz.secret_words import Secret, made_up, mailed, own
from store.testing.wait import wait_for

READY_SECONDS = 60
ORDERS = 4  # placed while the gateway is down
DOWN = 60  # requests while somebody is down, spread over all endpoints


@dataclass(frozen=True)
class SecretSearch:
    """All that a store has said, of itself and to its callers, while it was pushed."""

    secrets: list[Secret]
    material: Mapping[str, str]
    echoes: list[str]
    answered: int
    calls: int


@pytest.fixture(scope="module")
def searched() -> Iterator[SecretSearch]:
    """All of it, from a store that has ended by now."""
    with short_folder() as folder, Collector() as collector:
        ports, home = Ports(free_base()), folder / "own"
        environ = {"LOG_FORMAT": "json", "LOG_LEVEL": "DEBUG", **collector.environ()}
        store = OwnStore(
            home,
            ports.base,
            apis=1,
            workers=1,
            output=Output(),
            redirect=lambda _: environ,
            keep=True,
        )
        with store:
            secrets = [*made_up(), *own(store), *mailed(Folder(home).mails)]
            answered, echoes = _push(store, secrets)
            key, address = store.secrets.rpc_key, store.rpc_address
            worker = store.logs / "orders-work.log"
            wait_for(lambda: "stripe" in worker.read_text(), READY_SECONDS)
            calls = sum(call_with(address, key, secret) for secret in secrets)
            wait_for(lambda: len(collector.spans()) > 1000, READY_SECONDS)
            metrics = {
                f"metrics of {name}": page(f"http://{HOST}:{ports.ops(name)}")
                for name in ports.processes
            }
        spans = {"spans": "\n".join(span.text for span in collector.spans())}
        logs = {file.name: file.read_text(errors="replace") for file in store.logs.glob("*.log")}
        material = {**metrics, **logs, **spans}
        yield SecretSearch(secrets, material, echoes, answered, calls)


def _push(store: OwnStore, secrets: list[Secret]) -> tuple[int, list[str]]:
    """Everything while all is well, then some of it while somebody is down."""
    everything = pushes(store, secrets)
    answered, echoes = send_all(everything)
    for name in ("gateway", "postgres"):
        target = store.targets[name]
        target.kill()
        list(_orders(store))
        echoes += send_all(everything[:: len(everything) // DOWN])[1]
        target.start()
        store.wait_until_ready(READY_SECONDS)
    return answered, echoes


def _orders(store: OwnStore) -> Iterator[FuzzResponse]:
    """Some that the worker has to end, since nobody else can while the gateway is down."""
    customer = tokens(store)[CUSTOMER] if store.targets["postgres"].alive else ""
    random = Random(1)
    if customer:
        urls = store.inventory_url, store.orders_urls[0]
        yield from buy(*urls, customer, random, ORDERS, set())


def test_no_secret_is_found_in_any_log_metric_or_span(searched: SecretSearch) -> None:
    leaked = list(found(searched.material, searched.secrets))
    assert not leaked, "\n".join(leaked[:30])


def test_no_error_quotes_a_secret(searched: SecretSearch) -> None:
    assert not searched.echoes, "\n".join(searched.echoes[:30])


def test_every_endpoint_was_asked_and_everybody_said_something(searched: SecretSearch) -> None:
    assert searched.answered > 3000
    assert searched.calls > 8 * len(searched.secrets)
    assert len(searched.secrets) > 20
    for name in ("users", "inventory", "orders", "gateway", "inventory-rpc", "orders-work"):
        assert '"level":"' in searched.material[f"{name}.log"]
        assert "# TYPE" in searched.material[f"metrics of {name}"]
    assert "Traceback" in searched.material["orders.log"] + searched.material["users.log"]
    assert "database system was interrupted" in searched.material["postgres.log"]
    assert '"level":"DEBUG"' in searched.material["orders-work.log"]
    assert "http.route" in searched.material["spans"]


@pytest.mark.parametrize("where", ["users.log", "metrics of orders", "spans", "postgres.log"])
def test_one_careless_line_anywhere_is_found(searched: SecretSearch, where: str) -> None:
    for secret in searched.secrets:
        careless = {**searched.material, where: searched.material[where] + f"\nx={secret.text}\n"}
        assert any(secret.name in leak and where in leak for leak in found(careless, [secret]))
