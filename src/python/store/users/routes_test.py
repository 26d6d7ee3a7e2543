"""The main road: register, log in, look, refresh, leave."""

from store.users.testing import ANN, Shop, body_of


def test_a_customer_registers_and_logs_in(shop: Shop) -> None:
    assert shop.register().status_code == 202
    answer = shop.log_in()
    assert answer.status_code == 201
    assert body_of(answer)["token_type"] == "Bearer"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_customer_sees_who_they_are(shop: Shop) -> None:
    answer = shop.person().ask("GET", "/v1/users/me")
    assert answer.status_code == 200, answer.text
    assert answer.headers["ETag"] == '"v1"'
    assert (body_of(answer)["email"], body_of(answer)["role"]) == (ANN, "customer")
    assert body_of(answer)["email_verified"] is False
