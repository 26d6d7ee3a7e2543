"""Accounts to act with: customers that are made for it, and staff that are there."""

import hmac
import threading
import time
from collections.abc import Mapping, Sequence

from store.loadtest.api import Api, Response

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
                answer = self._refreshed() or self._log_in()
                if answer.status != 201:
                    raise CannotLogIn(f"{self.email} cannot log in: {answer.status} {answer.code}")
                self._access = answer.body["access_token"]
                self._refresh = answer.body["refresh_token"]
                self._until = time.monotonic() + float(answer.body["expires_in"])
            return self._access

    def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.token()}"}

    def call(
        self,
        method: str,
        url: str | Sequence[str],
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Ask in this account's name, with another token if the first is not taken."""
        given = headers or {}
        answer = self.api.call(method, url, body, {**self.headers(), **given})
        if answer.status == 401:
            self._until = 0.0
            answer = self.api.call(method, url, body, {**self.headers(), **given})
        return answer

    def _refreshed(self) -> Response | None:
        if not self._refresh:
            return None
        body = {"refresh_token": self._refresh}
        answer = self.api.call("POST", f"{self._url}/v1/sessions/refresh", body)
        return answer if answer.status == 201 else None

    def _log_in(self) -> Response:
        body = {"email": self.email, "password": self._password}
        return self.api.call("POST", f"{self._url}/v1/sessions", body)


class NewAccount(Account):
    """An account that is registered before it logs in for the first time."""

    def __init__(self, api: Api, users_url: str, email: str, password: str, name: str) -> None:
        super().__init__(api, users_url, email, password)
        self.name = name
        self._is_registered = False

    def _log_in(self) -> Response:
        # The store does not say whether an e-mail is registered, and counts log-ins that
        # fail: so register first, which changes nothing for an account that is there.
        if not self._is_registered:
            body = {"email": self.email, "password": self._password, "name": self.name}
            answer = self.api.call("POST", f"{self._url}/v1/users", body)
            if answer.status != 202:
                raise CannotLogIn(f"{self.email} cannot register: {answer.status} {answer.code}")
            self._is_registered = True
        return super()._log_in()


class Customer(NewAccount):
    """A customer of ours. The password is derived from a secret, so that a later run can log in again.

    `kind` is the command that made the account; its e-mail says so.
    """

    def __init__(
        self, api: Api, users_url: str, secret: str, name: str, kind: str = "replay"
    ) -> None:
        digest = hmac.digest(secret.encode(), name.encode(), "sha256").hex()
        email, password = f"{kind}-{digest[:12]}@example.com", digest[12:44]
        super().__init__(api, users_url, email, password, f"Customer {name}")


class FirstAdmin(Account):
    """The first admin of a store, who is perhaps only now being made while the store is installed."""

    def _log_in(self) -> Response:
        answer = super()._log_in()
        for _ in range(LOG_INS - 1):
            if answer.status != 401:
                break
            self.api.sleep(BETWEEN_LOG_INS)
            answer = super()._log_in()
        return answer
