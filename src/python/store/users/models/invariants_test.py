"""The database itself refuses what must never be."""

import peewee
import pytest

from store.database.errors import broken_constraint
from store.users.models.tables import database
from store.users.testing.api import ANN, UsersApi


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE users SET email = NULL", "users_deleted_is_anonymous"),
        ("UPDATE users SET deleted_at = now()", "users_deleted_is_anonymous"),
        ("UPDATE users SET name = ''", "users_deleted_is_anonymous"),
        ("UPDATE users SET role = 'king'", "users_role_check"),
        ("UPDATE users SET email = 'BOB@example.com' WHERE email = 'ann@example.com'", "users_email"),
        ("UPDATE credentials SET password_hash = 'plain'", "credentials_password_hash_check"),
        ("UPDATE sessions SET ended_at = now()", "sessions_end_has_a_reason"),
        ("UPDATE sessions SET idle_until = expires_at + interval '1 s'", "sessions_idle_within_life"),
        ("UPDATE refresh_tokens SET used_at = now()", "refresh_tokens_used_has_successor"),
        (
            "INSERT INTO refresh_tokens SELECT sha256('x'), session_id, now() FROM refresh_tokens",
            "refresh_tokens_one_unused",
        ),
        ("UPDATE throttles SET used = -1", "throttles_used_check"),
        ("UPDATE mails SET kind = 'advert'", "mails_kind_check"),
        ("""UPDATE signing_keys SET public_jwk = '{"d": "private"}'""", "signing_keys_public_jwk_check"),
        ("UPDATE signing_keys SET created_at = now() + interval '1 d'",
         "signing_keys_published_before_use"),
    ],
)  # fmt: skip
def test_a_row_that_must_never_be_is_refused(
    users: UsersApi, statement: str, constraint: str
) -> None:
    users.account()
    users.register("bob@example.com")
    with pytest.raises(peewee.IntegrityError) as refused:
        database.run(statement)
    assert broken_constraint(refused.value) == constraint
    assert database.rows("SELECT 1 AS n FROM users WHERE email = %s", (ANN,)) == [{"n": 1}]
