"""The database itself refuses what must never be."""

import peewee
import pytest

from store.gateway.models.tables import database

INTENT = """
INSERT INTO payment_intents (id, amount, currency, status, capture_method, payment_method,
    amount_received, client_secret, metadata, options, created_at)
VALUES ('pi_1', 2000, 'eur', '{status}', 'manual', 'pm_card_visa', {received}, 's', '{{}}', '{{}}', now())
"""
CHARGE = """
INSERT INTO charges (id, payment_intent, amount, currency, status, payment_method, created_at)
VALUES ('{id}', 'pi_1', 2000, 'eur', 'succeeded', 'pm_card_visa', now())
"""


pytestmark = pytest.mark.usefixtures("fresh_database")


def test_an_intent_has_one_successful_charge_at_most() -> None:
    database.run(INTENT.format(status="requires_capture", received=0))
    database.run(CHARGE.format(id="ch_1"))
    with pytest.raises(peewee.IntegrityError, match="one_successful_charge"):
        database.run(CHARGE.format(id="ch_2"))


@pytest.mark.parametrize(
    "change",
    [
        "amount_captured = 2001",
        "amount_captured = -1",
        "amount_refunded = 1",
        "amount_captured = 500, amount_refunded = 501",
        "amount = 2001",
        "currency = 'usd'",
    ],
)
def test_a_charge_stays_honest(change: str) -> None:
    database.run(INTENT.format(status="requires_capture", received=0))
    database.run(CHARGE.format(id="ch_1"))
    with pytest.raises(peewee.IntegrityError):
        database.run(f"UPDATE charges SET {change}")


def test_a_charge_is_captured_once() -> None:
    database.run(INTENT.format(status="requires_capture", received=0))
    database.run(CHARGE.format(id="ch_1"))
    database.run("UPDATE charges SET amount_captured = 500")
    with pytest.raises(peewee.IntegrityError, match="captured once"):
        database.run("UPDATE charges SET amount_captured = 600")


@pytest.mark.parametrize(
    ("status", "change"),
    [
        ("succeeded", "status = 'requires_capture', amount_received = 0"),
        ("succeeded", "status = 'canceled', amount_received = 0, canceled_at = now()"),
        ("requires_capture", "status = 'requires_confirmation'"),
        ("requires_capture", "status = 'succeeded', amount_received = 0"),
        ("requires_capture", "status = 'succeeded', amount_received = 2001"),
        ("requires_capture", "amount = 3000"),
        ("requires_capture", "payment_method = 'pm_card_amex'"),
        ("requires_confirmation", "status = 'requires_action'"),
        ("requires_confirmation", "status = 'nonsense'"),
        ("requires_confirmation", "currency = 'EUR'"),
        ("requires_confirmation", "amount = 0"),
    ],
)
def test_an_intent_never_goes_back_and_keeps_its_money(status: str, change: str) -> None:
    database.run(INTENT.format(status=status, received=2000 if status == "succeeded" else 0))
    with pytest.raises(peewee.IntegrityError):
        database.run(f"UPDATE payment_intents SET {change}")
