"""Accounts that a proof acts with: customers that it makes itself, and staff that it is given."""

import hmac
import threading
import time
from collections.abc import Mapping, Sequence

from store.loadtest.api import Answer, Api

EARLY_SECONDS = 30.0  # ask for a new token this long before the old one ends

LOG_INS = 4  # few enough that nobody is locked out
BETWEEN_LOG_INS = 5.0


class CannotLogIn(Exception):
    """The store did not let somebody in; the text says why."""


class Account:
    """Somebody with a password, logged in when needed."""

    def __init__(self, api: Api, users_url: str, email: str, password: str) -> None:
        self.api = api
        self.email = email
        self._url = users_url
        self._password = password
        self._lock = threading.Lock()
        self._access, self._refresh, self._until = "", "", 0.0

    def token(self) -> str:
        """An access token; logs in or refreshes if need be."""
        with self._lock:
            if time.monotonic() > self._until - EARLY_SECONDS:
                self._let_in()
            return self._access

    def headers(self) -> Mapping[str, str]:
        """What proves who is calling."""
        return {"Authorization": f"Bearer {self.token()}"}

    def forget_token(self) -> None:
        """The store did not take the token: get another one for the next call."""
        self._until = 0.0

    def call(
        self,
        method: str,
        url: str | Sequence[str],
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask in this account's name, with another token if the first is not taken."""
        given = headers or {}
        answer = self.api.call(method, url, body, {**self.headers(), **given})
        if answer.status == 401:
            self.forget_token()
            answer = self.api.call(method, url, body, {**self.headers(), **given})
        return answer

    def _let_in(self) -> None:
        answer = self._refreshed() or self._log_in()
        if answer.status != 201:
            raise CannotLogIn(f"{self.email} cannot log in: {answer.status} {answer.code}")
        self._keep(answer)

    def _refreshed(self) -> Answer | None:
        if not self._refresh:
            return None
        body = {"refresh_token": self._refresh}
        answer = self.api.call("POST", f"{self._url}/v1/sessions/refresh", body)
        return answer if answer.status == 201 else None

    def _log_in(self) -> Answer:
        body = {"email": self.email, "password": self._password}
        return self.api.call("POST", f"{self._url}/v1/sessions", body)

    def _keep(self, answer: Answer) -> None:
        self._access = answer.body["access_token"]
        self._refresh = answer.body["refresh_token"]
        self._until = time.monotonic() + float(answer.body["expires_in"])


class Customer(Account):
    """A customer of ours. The password is derived from a secret, so that a later run can log in again.

    `kind` is the proof that made the account; its e-mail says so.
    """

    def __init__(
        self, api: Api, users_url: str, secret: str, name: str, kind: str = "replay"
    ) -> None:
        digest = hmac.digest(secret.encode(), name.encode(), "sha256").hex()
        super().__init__(api, users_url, f"{kind}-{digest[:12]}@example.com", digest[12:44])
        self.name = f"Customer {name}"
        self._is_registered = False

    def _log_in(self) -> Answer:
        # The store does not tell whether an e-mail is registered, and counts log-ins that
        # fail: so register first, which changes nothing for an account that is there.
        if not self._is_registered:
            self._register()
        return super()._log_in()

    def _register(self) -> None:
        body = {"email": self.email, "password": self._password, "name": self.name}
        answer = self.api.call("POST", f"{self._url}/v1/users", body)
        if answer.status != 202:
            raise CannotLogIn(f"{self.email} cannot register: {answer.status} {answer.code}")
        self._is_registered = True


class Newcomer(Account):
    """An account that is perhaps only now being made, as the first admin is while a store is installed."""

    def _log_in(self) -> Answer:
        answer = super()._log_in()
        for _ in range(LOG_INS - 1):
            if answer.status != 401:
                break
            self.api.sleep(BETWEEN_LOG_INS)
            answer = super()._log_in()
        return answer
