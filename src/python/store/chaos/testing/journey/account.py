"""Everything that people can do at users, and what can go wrong there."""

import json
import re
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from uuid import uuid4

from store.chaos.basket import ADDRESS
from store.chaos.testing.journey.service_client import ServiceClient, UnexpectedAnswer

PASSWORD, NEW_PASSWORD = "a long enough password", "another long enough password"
FAILURES_UNTIL_THROTTLED = 11
MAIL_SECONDS = 30.0
Tokens = Mapping[str, str]
_TOKEN = re.compile(r"enter this token in the shop:\s+(\S+)")


class AccountHolder:
    """Somebody who registers, and whose mails are files in a folder."""

    def __init__(self, users_url: str, mails: Path) -> None:
        self.email = f"journey-{uuid4().hex[:8]}@example.com"
        self._users_url, self._mails = users_url, mails
        self._anonymous = ServiceClient(users_url)

    def run(self) -> None:
        """From registering to leaving."""
        self._register()
        self._reset_the_password()
        self._change_the_password()
        me = self._log_in(NEW_PASSWORD)
        self._edit_addresses(me)
        self._use_a_refresh_token_twice()
        me.change("/v1/users/me", {"name": "Somebody Else"})
        me.request("DELETE", "/v1/sessions/current", status=204)
        self._log_in(NEW_PASSWORD).request("DELETE", "/v1/sessions", status=204)
        self._log_in(NEW_PASSWORD).delete("/v1/users/me")
        self._anonymous.get("/.well-known/jwks.json")

    def guess_passwords(self) -> None:
        """Fail to log in until no more tries are allowed."""
        wrong = {"email": self.email, "password": "not the password"}
        for _ in range(FAILURES_UNTIL_THROTTLED - 1):
            self._anonymous.post("/v1/sessions", wrong, status=401)
        self._anonymous.post("/v1/sessions", wrong, status=429)

    def _register(self) -> None:
        body = {"email": self.email, "password": PASSWORD, "name": "Somebody"}
        for _ in range(2):  # the second time the account exists
            self._anonymous.post("/v1/users", body, status=202)
        self._anonymous.post("/v1/email-verifications", {"email": self.email}, status=202)
        self._use_mailed_token(lambda token: ("/v1/email-verifications/confirm", {"token": token}))

    def _reset_the_password(self) -> None:
        self._anonymous.post("/v1/password-resets", {"email": self.email}, status=202)
        self._use_mailed_token(
            lambda token: ("/v1/password-resets/confirm", {"token": token, "password": PASSWORD})
        )

    def _change_the_password(self) -> None:
        passwords = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
        self._log_in(PASSWORD).post("/v1/users/me/password", passwords, status=204)

    def _use_a_refresh_token_twice(self) -> None:
        """Refresh twice, then try again with the first token, which has been used up."""
        spent = tokens = self._tokens(NEW_PASSWORD)
        for _ in range(2):
            tokens = self._refresh(tokens)
        self._refresh(spent, status=401)

    def _refresh(self, tokens: Tokens, status: int = 201) -> Tokens:
        sent = {"refresh_token": tokens["refresh_token"]}
        found: Tokens = self._anonymous.post("/v1/sessions/refresh", sent, status=status)
        return found

    def _edit_addresses(self, me: ServiceClient) -> None:
        made = me.post("/v1/users/me/addresses", ADDRESS)
        me.get("/v1/users/me/addresses")
        path = f"/v1/users/me/addresses/{made['id']}"
        me.change(path, {"city": "Paris", "country": "FR"})
        me.delete(path)

    def _log_in(self, password: str) -> ServiceClient:
        return ServiceClient(self._users_url, self._tokens(password)["access_token"])

    def _tokens(self, password: str) -> Tokens:
        claim = {"email": self.email, "password": password}
        tokens: Tokens = self._anonymous.post("/v1/sessions", claim)
        return tokens

    def _use_mailed_token(self, use: Callable[[str], tuple[str, dict[str, str]]]) -> None:
        """Try every token that was mailed, the latest first, until one is accepted."""
        give_up = time.monotonic() + MAIL_SECONDS
        while time.monotonic() < give_up:
            for token in reversed(self._mailed_tokens()):
                path, body = use(token)
                try:
                    self._anonymous.post(path, body, status=204)
                except UnexpectedAnswer:
                    continue
                return
            time.sleep(0.2)
        raise UnexpectedAnswer("No mail came with a token that is accepted.")

    def _mailed_tokens(self) -> list[str]:
        mails = sorted(self._mails.glob(f"*{self.email}*.eml"))
        return [token for mail in mails for token in _TOKEN.findall(mail.read_text())]


def administer(users_url: str, admin_token: str) -> None:
    """What admins do: find users, disable one, rotate the signing key."""
    admin = ServiceClient(users_url, admin_token)
    found = admin.get("/v1/users?email=customer")["items"]
    admin.get("/v1/users?role=staff&limit=1")
    for disabled in (True, False):
        admin.change(f"/v1/users/{found[0]['id']}", {"disabled": disabled})
    admin.post("/v1/signing-keys")


def send_a_forged_token(url: str) -> None:
    """Call a service with a token of an unknown key: it fetches the keys of users again."""
    parts = ({"alg": "ES256", "kid": "forged", "typ": "at+jwt"}, {"sub": str(uuid4())})
    encoded = [urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    ServiceClient(url, ".".join([*encoded, "AA"])).request("GET", "/v1/warehouses", status=401)
