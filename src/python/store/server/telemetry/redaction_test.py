import logging

import pytest

from store.server.telemetry.redaction import Redaction, quotable, redacted

TOKEN = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer SECRET",
        "authorization=Basic SECRET",
        "bearer SECRET",
        "password=SECRET",
        "{'password': 'SECRET SECRET', 'name': 'Ann'}",
        '{"refresh_token":"SECRET"}',
        "token: SECRET",
        "client_secret=SECRET&x=1",
        "api_key='SECRET'",
        "sk_test_SECRET",
        "sk_SECRET",
        "whsec_SECRET",
        "postgresql://orders:SECRET@db/orders",
        "Cookie: SECRET",
        f"the token {TOKEN.replace('c2lnbmF0dXJl', 'SECRET')}",
    ],
)
def test_secrets_are_masked(text: str) -> None:
    assert "SECRET" not in redacted(text)
    assert "***" in redacted(text)


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424242",
        "4242 4242 4242 4242",
        "card 4000-0000-0000-0002.",
        "query.5555555555554444",
        "n=378282246310005",
    ],
)
def test_card_numbers_are_masked(text: str) -> None:
    assert sum(character.isdigit() for character in redacted(text)) == 0


@pytest.mark.parametrize(
    "text",
    [
        "GET /v1/orders/<uuid:order_id> 200 in 3.1 ms",
        "order 018f4f3a-7b1a-7000-8000-123456789012 is due",
        "at 2026-11-22T15:14:07.943618+00:00",
        "1234567890123456 is no card",
        "http://127.0.0.1:8001/docs",
        "pm_card_visa was declined",
        "key 3 rotated",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redacted(text) == text


def test_extras_are_masked_by_name_and_by_looks() -> None:
    record = logging.makeLogRecord(
        {
            "msg": "sent %s to %s",
            "args": ("password=SECRET", "a@b.c"),
            "new_password": "SECRET",
            "headers": {"Authorization": "SECRET", "X-Request-Id": "r"},
            "tried": ["Bearer SECRET", 3],
            "count": 4,
        }
    )
    assert Redaction().filter(record)
    assert "SECRET" not in str(vars(record))
    assert vars(record)["headers"] == {"Authorization": "***", "X-Request-Id": "r"}
    assert vars(record)["tried"] == ["Bearer ***", 3]
    assert vars(record)["count"] == 4
    assert record.getMessage() == "sent password=*** to a@b.c"


def test_tracebacks_are_masked() -> None:
    try:
        raise ValueError("no connection to postgresql://u:SECRET@h/d")
    except ValueError as error:
        record = logging.makeLogRecord({"exc_info": (type(error), error, error.__traceback__)})
    Redaction().filter(record)
    assert "SECRET" not in str(record.exc_text)
    assert "Traceback" in str(record.exc_text)


def test_a_record_that_is_known_to_be_clean_passes_quickly() -> None:
    record = logging.makeLogRecord({"msg": "GET /tokens/<token> %s", "args": (200,), "clean": True})
    assert Redaction().filter(record)
    assert record.getMessage() == "GET /tokens/<token> 200"
    assert "clean" not in vars(record)


def test_an_answer_quotes_no_token_no_key_and_no_card() -> None:
    said = {"sku": TOKEN, "errors": [{"field": "sk_live_SECRET"}, ("4242 4242 4242 4242", 7)]}
    assert quotable(said) == {"sku": "***", "errors": [{"field": "sk_***"}, ["***", 7]]}


def test_an_answer_still_says_what_is_wrong_with_a_password() -> None:
    said = "password: Must have at least 8 characters."
    assert quotable(said) == said != redacted(said)
