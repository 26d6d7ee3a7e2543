"""The gateway as its users meet it: a real process, a real database, the official SDK."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import stripe

from store.database.testing import FleetingServer, postgres  # noqa: F401
from store.gateway.models.tables import MIGRATIONS, database
from store.gateway.testing.process import API_KEY, GatewayProcess
from store.gateway.testing.webhook_receiver import WebhookReceiver


@pytest.fixture(scope="session")
def receiver() -> Iterator[WebhookReceiver]:
    receiver = WebhookReceiver()
    yield receiver
    receiver.close()


@pytest.fixture(scope="session")
def start_gateway() -> Iterator[Callable[[str, str], GatewayProcess]]:
    """Starts a gateway on a database, with the address of a webhook. All are stopped at the end."""
    started: list[GatewayProcess] = []

    def start(database_url: str, webhook_url: str) -> GatewayProcess:
        started.append(GatewayProcess.start(database_url, webhook_url))
        return started[-1]

    yield start
    alive = [each.process for each in started if each.process.poll() is None]
    for process in alive:
        process.terminate()
    assert [process.wait(20) for process in alive] == [0] * len(alive)


@pytest.fixture(scope="session")
def database_url(postgres: FleetingServer) -> Iterator[str]:  # noqa: F811
    with postgres.fresh(postgres.template("gateway", MIGRATIONS)) as config:
        yield config.url


@pytest.fixture(scope="session")
def gateway(
    database_url: str,
    receiver: WebhookReceiver,
    start_gateway: Callable[[str, str], GatewayProcess],
) -> str:
    return start_gateway(database_url, receiver.url).url


@pytest.fixture
def fresh_database(postgres: FleetingServer) -> Iterator[None]:  # noqa: F811
    """A database of its own for a test that works inside this process."""
    with postgres.fresh(postgres.template("gateway", MIGRATIONS)) as config:
        database.open(config)
        yield
        database.shut()


@pytest.fixture
def http(gateway: str) -> Iterator[requests.Session]:
    """Plain HTTP with the API key, for what the SDK hides."""
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {API_KEY}"
        yield session


@pytest.fixture
def sdk(gateway: str, http: requests.Session) -> stripe.StripeClient:
    """The official SDK, pointed at the gateway."""
    return stripe.StripeClient(
        API_KEY,
        base_addresses={"api": gateway},
        http_client=stripe.RequestsClient(session=http),
        max_network_retries=0,
    )


@pytest.fixture
def order_fault(gateway: str, http: requests.Session) -> Iterator[Callable[..., None]]:
    """Orders misbehaviour that ends with the test."""

    def order(kind: str, **more: Any) -> None:
        http.post(
            f"{gateway}/v1/test_helpers/faults", json={"kind": kind, **more}
        ).raise_for_status()

    yield order
    http.delete(f"{gateway}/v1/test_helpers/faults").raise_for_status()


@pytest.fixture
def pay(sdk: stripe.StripeClient) -> Callable[..., stripe.PaymentIntent]:
    """Creates and confirms a payment of 20 euros, captured later unless said otherwise."""

    def pay(payment_method: str = "pm_card_visa", **more: Any) -> stripe.PaymentIntent:
        options = (
            {"idempotency_key": more.pop("idempotency_key")} if "idempotency_key" in more else {}
        )
        params = {
            "amount": 2000,
            "currency": "eur",
            "payment_method": payment_method,
            "capture_method": "manual",
            "confirm": True,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
        return sdk.v1.payment_intents.create(params | more, options)  # type: ignore[arg-type]

    return pay
