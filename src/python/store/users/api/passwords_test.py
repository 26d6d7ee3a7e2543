"""Changing and resetting passwords."""

from store.users.models.tables import database
from store.users.testing.api import ANN, PASSWORD, LoggedInUser, UsersApi, code_of

NEW = "quite another battery"


def change(person: LoggedInUser, current: str = PASSWORD, new: str = NEW) -> tuple[int, str]:
    wanted = {"current_password": current, "new_password": new}
    answer = person.ask("POST", "/v1/users/me/password", json=wanted)
    return (204, "") if answer.status_code == 204 else code_of(answer)


def reset(users: UsersApi, token: str, password: str = NEW) -> tuple[int, str]:
    wanted = {"token": token, "password": password}
    answer = users.ask("POST", "/v1/password-resets/confirm", json=wanted)
    return (204, "") if answer.status_code == 204 else code_of(answer)


def ask_for_reset(users: UsersApi, email: str = ANN) -> None:
    assert users.ask("POST", "/v1/password-resets", json={"email": email}).status_code == 202


def test_changing_the_password_ends_the_other_sessions(users: UsersApi) -> None:
    laptop, phone = users.account(), users.again()
    users.letters()
    assert change(laptop) == (204, "")
    assert users.refresh(phone.refresh_token).status_code == 401
    assert users.refresh(laptop.refresh_token).status_code == 201
    assert users.log_in().status_code == 401
    assert users.log_in(password=NEW).status_code == 201
    (letter,) = users.letters()
    assert "has been changed" in letter["Subject"]


def test_the_password_stays_unless_the_current_one_is_known(users: UsersApi) -> None:
    ann = users.account()
    assert change(ann, current="a guess of it") == (403, "wrong_password")
    assert change(ann, new="password1234") == (422, "invalid")
    assert users.log_in().status_code == 201


def test_a_forgotten_password_is_replaced_once(users: UsersApi) -> None:
    ann = users.account()
    users.letters()
    ask_for_reset(users)
    token = users.mailed_token()
    assert reset(users, token) == (204, "")
    assert users.refresh(ann.refresh_token).status_code == 401
    assert users.log_in(password=NEW).status_code == 201
    assert reset(users, token) == (403, "bad_token")


def test_a_reset_makes_other_reset_tokens_worthless(users: UsersApi) -> None:
    users.register()
    users.letters()
    ask_for_reset(users)
    first = users.mailed_token()
    ask_for_reset(users)
    assert reset(users, users.mailed_token()) == (204, "")
    assert reset(users, first) == (403, "bad_token")


def test_a_token_is_good_for_its_purpose_only(users: UsersApi) -> None:
    users.register()
    assert reset(users, users.mailed_token()) == (403, "bad_token")


def test_a_bad_new_password_does_not_use_up_the_token(users: UsersApi) -> None:
    users.register()
    users.letters()
    ask_for_reset(users)
    token = users.mailed_token()
    assert reset(users, token, "password123") == (422, "invalid")
    assert reset(users, token) == (204, "")


def test_an_expired_token_resets_nothing(users: UsersApi) -> None:
    users.register()
    users.letters()
    ask_for_reset(users)
    token = users.mailed_token()
    database.run("UPDATE one_time_tokens SET expires_at = now() - interval '1 second'")
    assert reset(users, token) == (403, "bad_token")


def test_nobody_gets_a_mail_that_has_no_account(users: UsersApi) -> None:
    ask_for_reset(users, "nobody@example.com")
    assert users.letters() == []


def test_whoever_resets_reads_the_e_mail(users: UsersApi) -> None:
    users.register()
    users.letters()
    ask_for_reset(users)
    reset(users, users.mailed_token())
    assert database.rows("SELECT email_verified_at IS NOT NULL AS is_so FROM users")[0]["is_so"]
