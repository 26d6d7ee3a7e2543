"""Changing and resetting passwords."""

from store.users.models.tables import database
from store.users.testing import ANN, PASSWORD, Person, Shop, code_of

NEW = "quite another battery"


def change(person: Person, current: str = PASSWORD, new: str = NEW) -> tuple[int, str]:
    wanted = {"current_password": current, "new_password": new}
    answer = person.ask("POST", "/v1/users/me/password", json=wanted)
    return (204, "") if answer.status_code == 204 else code_of(answer)


def reset(shop: Shop, token: str, password: str = NEW) -> tuple[int, str]:
    wanted = {"token": token, "password": password}
    answer = shop.ask("POST", "/v1/password-resets/confirm", json=wanted)
    return (204, "") if answer.status_code == 204 else code_of(answer)


def ask_for_reset(shop: Shop, email: str = ANN) -> None:
    assert shop.ask("POST", "/v1/password-resets", json={"email": email}).status_code == 202


def test_changing_the_password_ends_the_other_sessions(shop: Shop) -> None:
    laptop, phone = shop.person(), shop.again()
    shop.letters()
    assert change(laptop) == (204, "")
    assert shop.refresh(phone.refresh_token).status_code == 401
    assert shop.refresh(laptop.refresh_token).status_code == 201
    assert shop.log_in().status_code == 401
    assert shop.log_in(password=NEW).status_code == 201
    (letter,) = shop.letters()
    assert "has been changed" in letter["Subject"]


def test_the_password_stays_unless_the_current_one_is_known(shop: Shop) -> None:
    ann = shop.person()
    assert change(ann, current="a guess of it") == (403, "wrong_password")
    assert change(ann, new="password1234") == (422, "invalid")
    assert shop.log_in().status_code == 201


def test_a_forgotten_password_is_replaced_once(shop: Shop) -> None:
    ann = shop.person()
    shop.letters()
    ask_for_reset(shop)
    token = shop.mailed_token()
    assert reset(shop, token) == (204, "")
    assert shop.refresh(ann.refresh_token).status_code == 401
    assert shop.log_in(password=NEW).status_code == 201
    assert reset(shop, token) == (403, "bad_token")


def test_a_reset_makes_other_reset_tokens_worthless(shop: Shop) -> None:
    shop.register()
    shop.letters()
    ask_for_reset(shop)
    first = shop.mailed_token()
    ask_for_reset(shop)
    assert reset(shop, shop.mailed_token()) == (204, "")
    assert reset(shop, first) == (403, "bad_token")


def test_a_token_is_good_for_its_purpose_only(shop: Shop) -> None:
    shop.register()
    assert reset(shop, shop.mailed_token()) == (403, "bad_token")


def test_a_bad_new_password_does_not_use_up_the_token(shop: Shop) -> None:
    shop.register()
    shop.letters()
    ask_for_reset(shop)
    token = shop.mailed_token()
    assert reset(shop, token, "password123") == (422, "invalid")
    assert reset(shop, token) == (204, "")


def test_an_expired_token_resets_nothing(shop: Shop) -> None:
    shop.register()
    shop.letters()
    ask_for_reset(shop)
    token = shop.mailed_token()
    database.run("UPDATE one_time_tokens SET expires_at = now() - interval '1 second'")
    assert reset(shop, token) == (403, "bad_token")


def test_nobody_gets_a_mail_that_has_no_account(shop: Shop) -> None:
    ask_for_reset(shop, "nobody@example.com")
    assert shop.letters() == []


def test_whoever_resets_reads_the_e_mail(shop: Shop) -> None:
    shop.register()
    shop.letters()
    ask_for_reset(shop)
    reset(shop, shop.mailed_token())
    assert database.rows("SELECT email_verified_at IS NOT NULL AS is_so FROM users")[0]["is_so"]
