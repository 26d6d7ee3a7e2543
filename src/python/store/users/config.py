"""The settings of users, read once from the environment at the start."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from store.database.cipher import encryption_secrets
from store.database.config import DatabaseConfig
from store.server.environ import Environ
from store.users.mail.smtp import SmtpServer

DISCARD = "discard:"
"""The SMTP_URL of a store without a mail server."""


@dataclass(frozen=True)
class UsersConfig:
    """The settings of `users serve`."""

    database: DatabaseConfig
    encryption_secrets: tuple[str, ...] = field(repr=False)
    smtp: SmtpServer | None
    mail_from: str
    public_url: str
    access_token_seconds: int = 600
    registrations_per_hour: int = 1000
    proxies: int = 0

    @classmethod
    def from_environ(cls, env: Environ) -> "UsersConfig":
        """KEY_ENCRYPTION_SECRET (32 characters or more each; the first seals, all open), SMTP_URL
        (`discard:` is none: mails are thrown away), MAIL_FROM, PUBLIC_URL, ACCESS_TOKEN_SECONDS,
        REGISTRATIONS_PER_HOUR (from one network address), PROXIES (how many reverse proxies in
        front add to X-Forwarded-For), DATABASE_*.
        """
        return cls(
            encryption_secrets=encryption_secrets(env),
            smtp=_smtp(env),
            mail_from=_mail_from(env),
            public_url=_public_url(env),
            access_token_seconds=env.whole(
                "ACCESS_TOKEN_SECONDS", default=600, least=60, most=3600
            ),
            registrations_per_hour=env.whole("REGISTRATIONS_PER_HOUR", default=1000, least=1),
            proxies=env.whole("PROXIES", default=0, most=5),
            database=DatabaseConfig.from_environ(env),
        )


def _smtp(env: Environ) -> SmtpServer | None:
    url = env.text("SMTP_URL")
    if url == DISCARD:
        return None
    try:
        return SmtpServer.from_url(url or "smtp://absent")
    except ValueError as error:
        env.reject("SMTP_URL", str(error))
        return None


def _mail_from(env: Environ) -> str:
    sender = env.text("MAIL_FROM")
    if sender and not re.fullmatch(r"[^@\s]+@[^@\s]+|[^<>\r\n]* <[^@\s<>]+@[^@\s<>]+>", sender):
        env.reject("MAIL_FROM", "must be an e-mail, or a name with an e-mail in <>")
    return sender


def _public_url(env: Environ) -> str:
    url = env.text("PUBLIC_URL")
    parts = urlsplit(url)
    if url and not (parts.scheme in {"http", "https"} and parts.hostname):
        env.reject("PUBLIC_URL", "must begin with https:// or http:// and name a host")
    return url.rstrip("/")
