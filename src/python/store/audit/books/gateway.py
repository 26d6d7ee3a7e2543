"""The gateway's API, as an audit reads it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from store.cli.errors import CannotProve
from store.server.outbound.reachable_calls import send_when_reachable

TIMEOUT_SECONDS = 30


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
        get = session.get if session else requests.get
        headers = {"Authorization": f"Bearer {self.key}"}

        def send() -> requests.Response:
            return get(self.url + path, params=params, headers=headers, timeout=TIMEOUT_SECONDS)

        try:
            answer = send_when_reachable(send, self.patience, "the gateway")
            answer.raise_for_status()
            return answer.json()
        except requests.HTTPError as error:
            raise self._unreadable(str(error.response.status_code)) from None
        except (requests.RequestException, ValueError) as error:
            raise self._unreadable(type(error).__name__) from None

    def _unreadable(self, reason: str) -> CannotProve:
        return CannotProve(f"The gateway's API at {self.url} cannot be read: {reason}")
