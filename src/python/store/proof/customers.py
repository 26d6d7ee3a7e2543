"""The customers of a replay: one account for each customer of the file, logged in when needed."""

import hmac
import threading
import time
from collections.abc import Mapping

from store.proof.api import Answer, Api

EARLY_SECONDS = 30.0  # ask for a new token this long before the old one ends


class CannotLogIn(Exception):
    """The store did not let a customer in; the text says why."""


class Customer:
    """One account. The password is derived from a secret, so that a later run can log in again."""

    def __init__(self, api: Api, users_url: str, secret: str, name: str) -> None:
        self._api = api
        self._url = users_url
        digest = hmac.digest(secret.encode(), name.encode(), "sha256").hex()
        self.name = f"Customer {name}"
        self.email = f"replay-{digest[:12]}@example.com"
        self._password = digest[12:44]
        self._lock = threading.Lock()
        self._access, self._refresh, self._until = "", "", 0.0

    def headers(self) -> Mapping[str, str]:
        """What proves who is calling; registers, logs in or refreshes if need be."""
        with self._lock:
            if time.monotonic() > self._until - EARLY_SECONDS:
                self._let_in()
            return {"Authorization": f"Bearer {self._access}"}

    def forget_token(self) -> None:
        """The store did not take the token: get another one for the next call."""
        self._until = 0.0

    def _let_in(self) -> None:
        answer = self._refreshed()
        if answer is None:
            # The store does not tell whether an e-mail is registered, and counts log-ins that
            # fail: so register first, which changes nothing for an account that is there.
            self._register()
            answer = self._log_in()
        if answer.status != 201:
            raise CannotLogIn(f"{self.email} cannot log in: {answer.status} {answer.code}")
        self._keep(answer)

    def _refreshed(self) -> Answer | None:
        if not self._refresh:
            return None
        body = {"refresh_token": self._refresh}
        answer = self._api.call("POST", f"{self._url}/v1/sessions/refresh", body)
        return answer if answer.status in {200, 201} else None

    def _log_in(self) -> Answer:
        body = {"email": self.email, "password": self._password}
        return self._api.call("POST", f"{self._url}/v1/sessions", body)

    def _register(self) -> None:
        body = {"email": self.email, "password": self._password, "name": self.name}
        answer = self._api.call("POST", f"{self._url}/v1/users", body)
        if answer.status != 202:
            raise CannotLogIn(f"{self.email} cannot register: {answer.status} {answer.code}")

    def _keep(self, answer: Answer) -> None:
        self._access = answer.body["access_token"]
        self._refresh = answer.body["refresh_token"]
        self._until = time.monotonic() + float(answer.body["expires_in"])
