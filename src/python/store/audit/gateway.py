"""The gateway's API, as far as an audit reads it and a repair settles with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import requests

from store.cli.errors import CannotProve
from store.server.outbound.reachable_calls import send_when_reachable

TIMEOUT_SECONDS = 30


class Refused(Exception):
    """The gateway will not do it; the text is its code."""


@dataclass(frozen=True)
class Gateway:
    """Where the gateway's API is, and the key to it.

    `patience` is in seconds: so long is waited while no connection can be made.
    """

    url: str
    key: str = field(repr=False)
    patience: float = 0

    def get(
        self, path: str, params: Mapping[str, Any], session: requests.Session | None = None
    ) -> Any:
        """The object at a path; CannotProve if it cannot be read."""
        return self._asked("GET", path, session, params=params)

    def look(self, intent_id: str) -> Any:
        """A payment intent."""
        return self.get(f"/v1/payment_intents/{quote(intent_id)}", {})

    def settle(self, verb: str, intent_id: str, key: str) -> None:
        """Capture or cancel a payment intent, under an idempotency key; Refused if it cannot be."""
        headers = {"Idempotency-Key": key}
        self._asked("POST", f"/v1/payment_intents/{quote(intent_id)}/{verb}", None, headers=headers)

    def _asked(self, method: str, path: str, session: requests.Session | None, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.key}", **more.pop("headers", {})}
        ask = session.request if session else requests.request

        def send() -> requests.Response:
            return ask(method, self.url + path, headers=headers, timeout=TIMEOUT_SECONDS, **more)

        try:
            answer = send_when_reachable(send, self.patience, "the gateway")
            if method == "POST" and 400 <= answer.status_code < 500:
                raise Refused(_code(answer))
            answer.raise_for_status()
            return answer.json()
        except requests.HTTPError as error:
            raise self._trouble(method, str(error.response.status_code)) from None
        except (requests.RequestException, ValueError) as error:
            raise self._trouble(method, type(error).__name__) from None

    def _trouble(self, method: str, reason: str) -> CannotProve:
        done = "read" if method == "GET" else "used"
        return CannotProve(f"The gateway's API at {self.url} cannot be {done}: {reason}")


def _code(answer: requests.Response) -> str:
    error = answer.json().get("error", {})
    return str(error.get("code") or error.get("type") or answer.status_code)
