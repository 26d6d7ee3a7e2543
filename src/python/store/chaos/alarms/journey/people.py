"""Everything that people can do at users, and what can go wrong there."""

import json
import re
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from uuid import uuid4

from store.chaos.alarms.journey.asking import Service, Unexpected

PASSWORD, NEW_PASSWORD = "a long enough password", "another long enough password"
ADDRESS = {
    "name": "A. Buyer",
    "line1": "1 Road",
    "city": "London",
    "postal_code": "N1 9GU",
    "country": "GB",
}
FAILURES_UNTIL_THROTTLED = 11
MAIL_SECONDS = 30.0
Tokens = Mapping[str, str]
_TOKEN = re.compile(r"enter this token in the shop:\s+(\S+)")


class Person:
    """Somebody who registers, and whose mails we read in the folder of the mail server."""

    def __init__(self, users_url: str, mails: Path) -> None:
        self.email = f"walker-{uuid4().hex[:8]}@example.com"
        self._users_url, self._mails = users_url, mails
        self._stranger = Service(users_url)

    def walk(self) -> None:
        """From registering to leaving."""
        self._register()
        self._forget_the_password()
        self._change_the_password()
        me = self._log_in(NEW_PASSWORD)
        self._keep_addresses(me)
        self._hand_in_a_token_twice()
        me.change("/v1/users/me", {"name": "Somebody Else"})
        me.ask("DELETE", "/v1/sessions/current", status=204)
        self._log_in(NEW_PASSWORD).ask("DELETE", "/v1/sessions", status=204)
        self._log_in(NEW_PASSWORD).delete("/v1/users/me")
        self._stranger.get("/.well-known/jwks.json")

    def guess_passwords(self) -> None:
        """Fail to log in until no more tries are allowed."""
        wrong = {"email": self.email, "password": "not the password"}
        for _ in range(FAILURES_UNTIL_THROTTLED - 1):
            self._stranger.post("/v1/sessions", wrong, status=401)
        self._stranger.post("/v1/sessions", wrong, status=429)

    def _register(self) -> None:
        wanted = {"email": self.email, "password": PASSWORD, "name": "Somebody"}
        for _ in range(2):  # the second time there is nobody new
            self._stranger.post("/v1/users", wanted, status=202)
        self._stranger.post("/v1/email-verifications", {"email": self.email}, status=202)
        self._use_mailed_token(lambda token: ("/v1/email-verifications/confirm", {"token": token}))

    def _forget_the_password(self) -> None:
        self._stranger.post("/v1/password-resets", {"email": self.email}, status=202)
        self._use_mailed_token(
            lambda token: (
                "/v1/password-resets/confirm",
                {"token": token, "password": PASSWORD},
            )
        )

    def _change_the_password(self) -> None:
        passwords = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
        self._log_in(PASSWORD).post("/v1/users/me/password", passwords, status=204)

    def _hand_in_a_token_twice(self) -> None:
        """Refresh twice, then try again with the first token, which has been used up."""
        spent = tokens = self._tokens(NEW_PASSWORD)
        for _ in range(2):
            tokens = self._refresh(tokens)
        self._refresh(spent, status=401)

    def _refresh(self, tokens: Tokens, status: int = 201) -> Tokens:
        sent = {"refresh_token": tokens["refresh_token"]}
        found: Tokens = self._stranger.post("/v1/sessions/refresh", sent, status=status)
        return found

    def _keep_addresses(self, me: Service) -> None:
        made = me.post("/v1/users/me/addresses", ADDRESS)
        me.get("/v1/users/me/addresses")
        path = f"/v1/users/me/addresses/{made['id']}"
        me.change(path, {"city": "Paris", "country": "FR"})
        me.delete(path)

    def _log_in(self, password: str) -> Service:
        return Service(self._users_url, self._tokens(password)["access_token"])

    def _tokens(self, password: str) -> Tokens:
        claim = {"email": self.email, "password": password}
        tokens: Tokens = self._stranger.post("/v1/sessions", claim)
        return tokens

    def _use_mailed_token(self, use: Callable[[str], tuple[str, dict[str, str]]]) -> None:
        """Try every token that was mailed, the latest first, until one is taken."""
        give_up = time.monotonic() + MAIL_SECONDS
        while time.monotonic() < give_up:
            for token in reversed(self._mailed_tokens()):
                path, body = use(token)
                try:
                    self._stranger.post(path, body, status=204)
                except Unexpected:
                    continue
                return
            time.sleep(0.2)
        raise Unexpected("No mail came with a token that is taken.")

    def _mailed_tokens(self) -> list[str]:
        mails = sorted(self._mails.glob(f"*{self.email}*.eml"))
        return [token for mail in mails for token in _TOKEN.findall(mail.read_text())]


def administer(users_url: str, admin_token: str) -> None:
    """What admins do: look people up, change one, have another key sign."""
    admin = Service(users_url, admin_token)
    found = admin.get("/v1/users?email=customer")["items"]
    admin.get("/v1/users?role=staff&limit=1")
    for disabled in (True, False):
        admin.change(f"/v1/users/{found[0]['id']}", {"disabled": disabled})
    admin.post("/v1/signing-keys")


def show_a_forged_token(url: str) -> None:
    """Come to a service with a token of a key that nobody has: it asks users for their keys again."""
    parts = ({"alg": "ES256", "kid": "forged", "typ": "at+jwt"}, {"sub": str(uuid4())})
    encoded = [urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    Service(url, ".".join([*encoded, "AA"])).ask("GET", "/v1/warehouses", status=401)
