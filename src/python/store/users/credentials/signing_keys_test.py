"""Signing keys: made once, published before use, retired after their last token."""

import threading
from datetime import timedelta

import pytest

from store.auth.callers import Role
from store.database.cipher import Cipher, Unreadable
from store.users.credentials.signing_keys import (
    JWKS_SECONDS,
    MAKE_AHEAD,
    PUBLISH_AHEAD,
    PUBLISHED_AFTERWARDS,
    SIGNS_FOR,
    Keyring,
    published_keys,
    retire_old_keys,
    rotate,
    rotate_if_due,
    seconds_left,
)
from store.users.models.tables import database
from store.users.testing.api import SECRET, UsersApi, body_of

pytestmark = pytest.mark.usefixtures("opened")

CIPHER = Cipher([SECRET])


def let_time_pass(interval: timedelta) -> None:
    database.run(
        "UPDATE signing_keys SET created_at = created_at - %s, signs_from = signs_from - %s",
        (interval, interval),
    )


def kids() -> list[str]:
    return [key.kid for key in published_keys()]


def signing_kid() -> str:
    """What a replica that starts now signs with."""
    return str(Keyring(CIPHER).signing().kid)


def test_replicas_that_start_at_once_make_one_key() -> None:
    chosen: list[str] = []
    threads = [threading.Thread(target=lambda: chosen.append(signing_kid())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (len(chosen), set(chosen)) == (6, set(kids()))
    assert len(kids()) == 1


def test_a_new_key_is_published_before_it_signs() -> None:
    old = signing_kid()
    new = rotate(CIPHER, published_keys()).kid
    assert kids() == [old, new]
    assert signing_kid() == old
    let_time_pass(PUBLISH_AHEAD)
    assert signing_kid() == new
    assert timedelta(seconds=JWKS_SECONDS) < PUBLISH_AHEAD


def test_an_old_key_stays_until_its_last_token_has_run_out() -> None:
    old = signing_kid()
    new = rotate(CIPHER, published_keys()).kid
    let_time_pass(PUBLISH_AHEAD + PUBLISHED_AFTERWARDS - timedelta(minutes=1))
    assert retire_old_keys() == 0
    assert kids() == [old, new]
    let_time_pass(timedelta(minutes=2))
    assert retire_old_keys() == 1
    assert kids() == [new]


def test_keys_are_rotated_in_time_by_whichever_replica_comes_first() -> None:
    old = signing_kid()
    rotate_if_due(CIPHER)
    assert kids() == [old]
    let_time_pass(SIGNS_FOR - PUBLISH_AHEAD)
    threads = [threading.Thread(target=rotate_if_due, args=(CIPHER,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(kids()) == 2


def test_a_late_maintenance_still_makes_the_next_key_in_time() -> None:
    signing_kid()
    let_time_pass(SIGNS_FOR - MAKE_AHEAD + timedelta(minutes=3))
    rotate_if_due(CIPHER)
    old, new = published_keys()
    assert new.signs_from <= old.signs_from + SIGNS_FOR
    assert seconds_left([old, new], old.signs_from + SIGNS_FOR) > 0


def test_an_admin_rotates_and_nobody_has_to_log_in_again(
    users: UsersApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Keyring, "REREAD", timedelta(0))
    root = users.account("root@example.com", Role.ADMIN)
    first, again = (root.ask("POST", "/v1/signing-keys") for _ in range(2))
    assert (first.status_code, body_of(first)) == (201, body_of(again))
    let_time_pass(PUBLISH_AHEAD)
    renewed = body_of(users.refresh(root.refresh_token))["access_token"]
    assert root.ask("GET", "/v1/users/me").status_code == 200
    root.access_token = renewed
    assert root.ask("GET", "/v1/users/me").status_code == 200
    assert body_of(first)["kid"] == signing_kid()


def test_the_published_keys_hold_no_private_part(users: UsersApi) -> None:
    answer = users.ask("GET", "/.well-known/jwks.json")
    assert answer.headers["Cache-Control"] == f"public, max-age={JWKS_SECONDS}"
    (key,) = body_of(answer)["keys"]
    assert key.keys() == {"kty", "crv", "x", "y", "kid", "alg", "use"}


def test_the_private_half_is_opened_by_any_of_our_secrets_and_no_other() -> None:
    kid = signing_kid()
    newer = Cipher(["another secret that is long enough", SECRET])
    assert Keyring(newer).signing().kid == kid
    stranger = Cipher(["a stranger's secret that is long enough"])
    with pytest.raises(Unreadable):
        Keyring(stranger).check()
