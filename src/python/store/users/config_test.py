"""What the environment may say."""

import pytest

from store.server.environ import BadEnviron, Environ
from store.users.config import UsersConfig
from store.users.mail.smtp import SmtpServer
from store.users.testing.api import SECRET

GOOD = {
    "KEY_ENCRYPTION_SECRET": f"{SECRET}, {SECRET} older",
    "SMTP_URL": "smtps://shop:pass@mail.example.com",
    "MAIL_FROM": "shop@example.com",
    "PUBLIC_URL": "https://shop.example.com/",
    "DATABASE_URL": "postgresql://users@127.0.0.1/users",
}


def read(**changes: str) -> UsersConfig:
    env = Environ({**GOOD, **changes})
    config = UsersConfig.from_environ(env)
    env.check()
    return config


def test_a_good_environment_is_read() -> None:
    config = read()
    assert config.encryption_secrets == (SECRET, f"{SECRET} older")
    assert config.smtp == SmtpServer("mail.example.com", 465, "smtps", "shop", "pass")
    assert config.public_url == "https://shop.example.com"
    assert (config.access_token_seconds, config.proxies) == (600, 0)


def test_a_store_may_have_no_mail_server() -> None:
    assert read(SMTP_URL="discard:").smtp is None


def test_no_secret_is_in_the_repr() -> None:
    shown = repr(read())
    assert SECRET not in shown
    assert "pass" not in shown.replace("password", "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KEY_ENCRYPTION_SECRET", "too short"),
        ("SMTP_URL", "mail.example.com"),
        ("SMTP_URL", "discard:all"),
        ("MAIL_FROM", "the shop"),
        ("PUBLIC_URL", "shop.example.com"),
        ("ACCESS_TOKEN_SECONDS", "86400"),
        ("REGISTRATIONS_PER_HOUR", "many"),
        ("PROXIES", "-1"),
    ],
)
def test_a_wrong_variable_is_named_and_not_shown(name: str, value: str) -> None:
    with pytest.raises(BadEnviron, match=name) as refused:
        read(**{name: value})
    assert value not in str(refused.value)
