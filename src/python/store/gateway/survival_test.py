"""Money is moved once, whoever races and whatever dies."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import requests
import stripe

from store.database.config import DatabaseConfig
from store.database.migrations import migrate
from store.database.testing import CrashingServer, crashing  # noqa: F401
from store.gateway.models.tables import MIGRATIONS, database
from store.gateway.testing.process import API_KEY, GatewayProcess

Pay = Callable[..., stripe.PaymentIntent]
FORM = {
    "amount": "900",
    "currency": "eur",
    "payment_method": "pm_card_visa",
    "allowed_payment_method_types[]": "card",
    "confirm": "true",
}


def test_of_captures_and_cancellations_at_once_one_wins(pay: Pay, sdk: stripe.StripeClient) -> None:
    intent = pay()
    acts = [sdk.v1.payment_intents.capture, sdk.v1.payment_intents.cancel] * 4

    def attempt(act: Callable[[str], stripe.PaymentIntent]) -> str:
        try:
            return act(intent.id).status
        except stripe.InvalidRequestError as error:
            return error.code or ""

    with ThreadPoolExecutor(8) as pool:
        outcomes = Counter(pool.map(attempt, acts))
    assert outcomes.pop("payment_intent_unexpected_state") == 7
    final = sdk.v1.payment_intents.retrieve(intent.id)
    assert outcomes == {final.status: 1}
    assert final.amount_received == (2000 if final.status == "succeeded" else 0)


def test_refunds_at_once_never_give_back_too_much(pay: Pay, sdk: stripe.StripeClient) -> None:
    intent = pay(capture_method="automatic")

    def attempt(_: int) -> bool:
        try:
            return sdk.v1.refunds.create({"payment_intent": intent.id, "amount": 600}).amount == 600
        except stripe.InvalidRequestError:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(8))) == 3
    assert sdk.v1.charges.retrieve(str(intent.latest_charge)).amount_refunded == 1800


def test_a_power_cut_neither_loses_nor_doubles_a_payment(
    database_url: str, start_gateway: Callable[[str, str], GatewayProcess]
) -> None:
    mark = str(uuid4())
    running, keys = start_gateway(database_url, ""), [f"{mark}-{number}" for number in range(60)]
    with ThreadPoolExecutor(6) as pool:
        attempts = [pool.submit(_pay_once, running.url, mark, key) for key in keys]
        attempts[20].result(30)
        running.kill()
    answered = [attempt.result() for attempt in attempts if attempt.exception() is None]
    assert 0 < len(answered) < len(keys)
    again = start_gateway(database_url, "")
    final = {_pay_once(again.url, mark, key) for key in keys}
    assert set(answered) <= final
    assert len(final) == len(keys) == _payments_with(again.url, mark)


def test_a_capture_that_was_acknowledged_outlives_a_crash_of_the_database(
    crashing: CrashingServer,  # noqa: F811
    start_gateway: Callable[[str, str], GatewayProcess],
) -> None:
    crashing.create_role("gateway")
    crashing.create_database("gateway", owner="gateway")
    url = crashing.url("gateway", "gateway")
    database.open(DatabaseConfig(url))
    migrate(database, MIGRATIONS)
    database.shut()
    client = stripe.StripeClient(
        API_KEY, base_addresses={"api": start_gateway(url, "").url}, max_network_retries=4
    )
    payments = client.v1.payment_intents
    for act in (payments.capture, payments.cancel):
        authorised = payments.create(
            {
                "amount": 900,
                "currency": "eur",
                "payment_method": "pm_card_visa",
                "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                "capture_method": "manual",
                "confirm": True,
            }
        )
        acknowledged = act(authorised.id).status
        crashing.crash()
        assert payments.retrieve(authorised.id).status == acknowledged
    assert _shown(crashing, "fsync", "synchronous_commit", "full_page_writes") == {"on"}


def _shown(server: CrashingServer, *settings: str) -> set[object]:
    return {server.execute(f"SHOW {name}", database="gateway")[0][0] for name in settings}


def _pay_once(url: str, mark: str, key: str) -> str:
    headers = {"Authorization": f"Bearer {API_KEY}", "Idempotency-Key": key}
    form = FORM | {"metadata[mark]": mark}
    answer = requests.post(f"{url}/v1/payment_intents", form, headers=headers, timeout=10)
    answer.raise_for_status()
    return str(answer.json()["id"])


def _payments_with(url: str, mark: str) -> int:
    client = stripe.StripeClient(API_KEY, base_addresses={"api": url})
    listed = client.v1.payment_intents.list({"limit": 100}).auto_paging_iter()
    return sum(intent.metadata.to_dict().get("mark") == mark for intent in listed)
