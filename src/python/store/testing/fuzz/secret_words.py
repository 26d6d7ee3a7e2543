"""Every kind of secret that passes through a store, each with a name."""

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from store.chaos.own_store import OwnStore
from store.devstack.accounts import ADMIN, CUSTOMER
from store.loadtest.customers import Account
from store.testing.fuzz.callers import users_api

_TOKEN = re.compile(r"^ {4}([\w-]{20,})$", re.MULTILINE)
_JWT = (
    "eyJhbGciOiJFUzI1NiIsImtpZCI6InpxMSJ9.eyJzdWIiOiJ6cS1zdWJqZWN0Iiwicm9sZSI6ImFkbWluIn0."
    "c2lnbmF0dXJlLW9mLXpxLXRva2Vu"
)


@dataclass(frozen=True)
class Secret:
    """One secret. `has_looks`: a card, a JWT or a key shows by its looks what it is."""

    name: str
    text: str = field(repr=False)
    has_looks: bool = False


def made_up() -> list[Secret]:
    """Secrets that callers bring along."""
    looks = {
        "a JWT": _JWT,
        "a short JWT": "eyJhbGciOiJub25lIn0.eyJ6cSI6MX0.zqzqzq",
        "a card": "4242424242424242",
        "a card with spaces": "4000 0566 5566 5556",
        "a card with dashes": "5555-5555-5555-4444",
        "a live key": "sk_live_zq8xQ2mW4vT6yB1nK3pR5sJ7",
        "a restricted key": "rk_live_zq5hL9dF3gV2cX8zM1qW6eR4",
        "a webhook's secret": "whsec_zq7aS1dF3gH5jK9lQ2wE4rT6yU8iO0p",
    }
    plain = {
        "a password": "Zq-Correct-Horse-7-Battery!",
        "Basic credentials": b64encode(b"zq-user:zq-hidden-password-31").decode(),
        "a refresh token": "zqR3fr3shT0k3nThatNobodyHasIssued0123456789ab",
    }
    return [Secret(name, text, has_looks=True) for name, text in looks.items()] + [
        Secret(name, text) for name, text in plain.items()
    ]


def own(store: OwnStore) -> list[Secret]:
    """The store's own, and those of people who have just logged in."""
    secrets = store.secrets
    texts = {
        "the key of gRPC": secrets.rpc_key,
        "the key that encrypts": secrets.key_encryption,
        "the admin's password": secrets.admin_password,
        "a customer's password": secrets.customer_password,
        **{
            f"the password of {name}'s database": unquote(urlsplit(url).password or "")
            for name, url in store.databases.items()
        },
        **_session(store),
    }
    looks = {
        "the gateway's key": secrets.payment_key,
        "the webhook's secret": secrets.webhook_secret,
        "an access token": texts.pop("an access token"),
    }
    return [Secret(name, text) for name, text in texts.items() if text] + [
        Secret(name, text, has_looks=True) for name, text in looks.items()
    ]


def mailed(mails: Path) -> list[Secret]:
    """The one-time tokens that stand in the mails of this folder."""
    texts = "\n".join(mail.read_text() for mail in sorted(mails.glob("*.eml")))
    found = dict.fromkeys(_TOKEN.findall(texts))
    return [Secret(f"one-time token {number}", text) for number, text in enumerate(found, 1)]


def _session(store: OwnStore) -> Mapping[str, str]:
    claim = {"email": CUSTOMER, "password": store.secrets.customer_password}
    with users_api() as api:
        session = api.call("POST", f"{store.users_url}/v1/sessions", claim).body
        Account(api, store.users_url, ADMIN, store.secrets.admin_password).token()
    return {
        "an access token": session["access_token"],
        "a session's refresh token": session["refresh_token"],
    }
