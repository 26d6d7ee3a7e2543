"""What goes over the wire when something is wrong with the request: Stripe's errors, never a 500."""

import base64
import socket
from urllib.parse import urlsplit

import pytest
import requests

from store.gateway.testing.process import API_KEY, OTHER_KEY

GOOD = "amount=900&currency=eur"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
INTENTS = "POST /v1/payment_intents"


@pytest.mark.parametrize(
    "authorization",
    [
        f"Bearer {API_KEY}",
        f"Bearer {OTHER_KEY}",
        "Basic " + base64.b64encode(f"{API_KEY}:".encode()).decode(),
    ],
)
def test_every_configured_key_is_let_in(authorization: str, gateway: str) -> None:
    answer = requests.get(
        f"{gateway}/v1/payment_intents", headers={"Authorization": authorization}, timeout=5
    )
    assert (answer.status_code, answer.json()["object"]) == (200, "list")


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer sk_test_wrong", "Basic !!", "Basic OnB3", "Digest x=y", "Bearer é"],
)
@pytest.mark.parametrize("path", ["/v1/payment_intents", "/v1/events", "/v1/test_helpers/faults"])
def test_nobody_else_is(authorization: str, path: str, gateway: str) -> None:
    headers = {"Authorization": authorization.encode()} if authorization else {}
    answer = requests.get(f"{gateway}{path}", headers=headers, timeout=5)
    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert "wrong" not in answer.text


@pytest.mark.parametrize(
    ("call", "body", "status", "code", "param"),
    [
        (INTENTS, "", 400, "parameter_missing", "currency"),
        (INTENTS, "currency=eur", 400, "parameter_missing", "amount"),
        (INTENTS, "amount=900", 400, "parameter_missing", "currency"),
        (INTENTS, "amount=abc&currency=eur", 400, "parameter_invalid_integer", "amount"),
        (INTENTS, "amount=9.5&currency=eur", 400, "parameter_invalid_integer", "amount"),
        (INTENTS, "amount=-5&currency=eur", 400, "parameter_invalid_integer", "amount"),
        (
            INTENTS,
            "amount=%D9%A3%D9%A3%D9%A3&currency=eur",
            400,
            "parameter_invalid_integer",
            "amount",
        ),
        (INTENTS, "amount=100000000&currency=eur", 400, "parameter_invalid_integer", "amount"),
        (INTENTS, f"amount={'9' * 60}&currency=eur", 400, "parameter_invalid_integer", "amount"),
        (INTENTS, "amount=49&currency=eur", 400, "amount_too_small", "amount"),
        (INTENTS, "amount=900&currency=xxx", 400, "parameter_invalid_string", "currency"),
        (INTENTS, f"{GOOD}&confirm=maybe", 400, "parameter_invalid_boolean", "confirm"),
        (INTENTS, f"{GOOD}&capture_method=never", 400, None, "capture_method"),
        (INTENTS, f"{GOOD}&payment_method=pm_nope", 400, "resource_missing", "payment_method"),
        (
            INTENTS,
            f"{GOOD}&allowed_payment_method_types[]=cash",
            400,
            None,
            "allowed_payment_method_types",
        ),
        (
            INTENTS,
            f"{GOOD}&allowed_payment_method_types[]=card&automatic_payment_methods[enabled]=true",
            400,
            None,
            "allowed_payment_method_types",
        ),
        (INTENTS, f"{GOOD}&off_session=perhaps", 400, None, "off_session"),
        (INTENTS, f"{GOOD}&return_url=javascript:alert(1)", 400, "url_invalid", "return_url"),
        (INTENTS, f"{GOOD}&return_url=http://[", 400, "url_invalid", "return_url"),
        (INTENTS, f"{GOOD}&surprise=1", 400, "parameter_unknown", "surprise"),
        (
            INTENTS,
            f"{GOOD}&automatic_payment_methods[x]=1",
            400,
            "parameter_unknown",
            "automatic_payment_methods[x]",
        ),
        (INTENTS, f"{GOOD}&metadata=text", 400, None, "metadata"),
        (INTENTS, f"{GOOD}&metadata[a][b]=text", 400, "parameter_invalid_string", "metadata[a]"),
        (INTENTS, f"{GOOD}&metadata[{'k' * 41}]=text", 400, None, "metadata"),
        (INTENTS, f"{GOOD}&metadata[k]={'v' * 501}", 400, None, "metadata[k]"),
        (INTENTS, f"{GOOD}&amount[x]=1", 400, None, "amount[x]"),
        (INTENTS, f"{GOOD}&metadata[a]=%00", 400, None, "metadata[a]"),
        (INTENTS, f"{GOOD}&shipping[name]=Ada", 400, "parameter_missing", "shipping[address]"),
        (
            INTENTS,
            f"{GOOD}&confirm=true&automatic_payment_methods[enabled]=true",
            400,
            None,
            "return_url",
        ),
        (INTENTS, f"{GOOD}&[=1", 400, None, "["),
        (INTENTS, f"{GOOD}&description=%FF", 400, None, None),
        (INTENTS, f"{GOOD}&" + "&".join(f"a{n}=1" for n in range(1001)), 400, None, None),
        (INTENTS, f"{GOOD}&description={'d' * 300_000}", 413, None, None),
        (INTENTS, f"{GOOD}&expand[]=customer", 400, None, "expand"),
        (INTENTS + "/pi_nope", "amount=0", 400, "parameter_invalid_integer", "amount"),
        (INTENTS + "/pi_nope", "currency=usd", 400, "parameter_unknown", "currency"),
        ("POST /v1/payment_intents/pi_nope/capture", "", 404, "resource_missing", "intent"),
        (
            "POST /v1/payment_intents/pi_nope/cancel",
            "cancellation_reason=mood",
            400,
            None,
            "cancellation_reason",
        ),
        ("GET /v1/payment_intents/pi_nope", "", 404, "resource_missing", "intent"),
        ("GET /v1/payment_intents/%00", "", 400, None, None),
        ("GET /v1/payment_intents/%FF", "", 400, None, None),
        ("GET /v1/payment_intents?limit=0", "", 400, "parameter_invalid_integer", "limit"),
        ("GET /v1/payment_intents?limit=101", "", 400, "parameter_invalid_integer", "limit"),
        (
            "GET /v1/payment_intents?created[gte]=soon",
            "",
            400,
            "parameter_invalid_integer",
            "created[gte]",
        ),
        ("GET /v1/payment_intents?created[is]=1", "", 400, "parameter_unknown", "created[is]"),
        (
            "GET /v1/payment_intents?starting_after=pi_nope",
            "",
            400,
            "resource_missing",
            "starting_after",
        ),
        ("GET /v1/payment_intents?customer=cus_1", "", 400, "parameter_unknown", "customer"),
        ("GET /v1/payment_intents?limit=%00", "", 400, None, None),
        ("POST /v1/refunds", "", 400, "parameter_missing", None),
        ("POST /v1/refunds", "payment_intent=pi_nope", 400, "resource_missing", "payment_intent"),
        ("POST /v1/refunds", "charge=ch_nope", 400, "resource_missing", "charge"),
        ("POST /v1/refunds", "payment_intent=pi_nope&reason=mood", 400, None, "reason"),
        ("GET /v1/refunds/re_nope", "", 404, "resource_missing", "id"),
        ("GET /v1/charges/ch_nope", "", 404, "resource_missing", "id"),
        ("GET /v1/events/evt_nope", "", 404, "resource_missing", "id"),
        ("GET /v1/nothing", "", 404, None, None),
        ("DELETE /v1/payment_intents", "", 404, None, None),
    ],
)
def test_a_bad_request_is_told_what_is_wrong(
    call: str,
    body: str,
    status: int,
    code: str | None,
    param: str | None,
    gateway: str,
    http: requests.Session,
) -> None:
    method, path = call.split(" ")
    answer = http.request(method, gateway + path, data=body, headers=FORM)
    error = answer.json()["error"]
    assert (answer.status_code, error.get("code"), error.get("param")) == (status, code, param), (
        error
    )
    assert error["type"] == "invalid_request_error"
    assert error["message"]
    assert answer.headers["Request-Id"].startswith("req_")


@pytest.mark.parametrize(
    "kind", ["application/json", "multipart/form-data; boundary=x", "text/plain"]
)
def test_a_body_must_be_a_form(kind: str, gateway: str, http: requests.Session) -> None:
    answer = http.post(f"{gateway}/v1/payment_intents", data=b"{}", headers={"Content-Type": kind})
    assert answer.status_code == 400
    assert "application/x-www-form-urlencoded" in answer.json()["error"]["message"]


@pytest.mark.parametrize("key", ["k" * 256, "", "schlüssel".encode(), b"\x7f"])
def test_a_key_must_be_short_and_plain(
    key: str | bytes, gateway: str, http: requests.Session
) -> None:
    headers: dict[str, str | bytes] = {**FORM, "Idempotency-Key": key}
    answer = http.post(f"{gateway}/v1/payment_intents", data=GOOD, headers=headers)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "idempotency_error")


def test_a_nul_byte_in_a_header_breaks_nothing(gateway: str) -> None:
    address = urlsplit(gateway)
    request = (
        f"POST /v1/payment_intents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {API_KEY}\r\n"
        f"Content-Type: {FORM['Content-Type']}\r\nIdempotency-Key: a\0b\r\n"
        f"Content-Length: {len(GOOD)}\r\nConnection: close\r\n\r\n{GOOD}"
    )
    with socket.create_connection((address.hostname or "", address.port or 0), 5) as connection:
        connection.sendall(request.encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 400 ")


def test_the_version_asked_for_is_echoed(gateway: str, http: requests.Session) -> None:
    url = f"{gateway}/v1/events?limit=1"
    assert http.get(url).headers["Stripe-Version"] == "2026-10-28.endive"
    asked = {"Stripe-Version": "2020-08-27"}
    assert http.get(url, headers=asked).headers["Stripe-Version"] == "2020-08-27"


def test_people_find_a_page_and_docs(gateway: str) -> None:
    page = requests.get(gateway, headers={"Accept": "text/html"}, timeout=5).text
    assert 'stripe.api_base = "' in page
    paths = requests.get(f"{gateway}/openapi.json", timeout=5).json()["paths"]
    assert "/v1/payment_intents/{intent_id}/capture" in paths
