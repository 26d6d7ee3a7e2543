"""How a journey asks a service: every answer is to be the one that the script expects."""

from collections.abc import Mapping, Sequence
from typing import Any

import requests

TIMEOUT_SECONDS = 30


class Unexpected(Exception):
    """The store answered something else than the script says."""


class Service:
    """One service, asked in somebody's name."""

    def __init__(self, url: str, token: str = "") -> None:
        self._url = url
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy has no business on the loopback
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        status: int | Sequence[int] = 200,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> requests.Response:
        """The answer; Unexpected unless it has this status or one of these. Options as of `requests`."""
        answer = self._session.request(
            method,
            f"{self._url}{path}",
            json=body,
            headers=headers,
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
            **options,
        )
        expected = (status,) if isinstance(status, int) else status
        if answer.status_code not in expected:
            said = f"{answer.status_code} {answer.text[:300]}"
            raise Unexpected(f"{method} {path}: {said}, not {status}")
        return answer

    def get(self, path: str, **options: Any) -> Any:
        """What is there."""
        return self.ask("GET", path, **options).json()

    def post(
        self, path: str, body: object = None, *, status: int | Sequence[int] = 201, **options: Any
    ) -> Any:
        """What was made."""
        answer = self.ask("POST", path, body, status=status, **options)
        return answer.json() if answer.content else {}

    def change(self, path: str, body: object) -> Any:
        """What it is now; the version that was there is the one that was changed."""
        return self.ask("PATCH", path, body, headers=self._version(path)).json()

    def delete(self, path: str) -> None:
        """It is gone; the version that was there was the last."""
        self.ask("DELETE", path, status=204, headers=self._version(path))

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def _version(self, path: str) -> Mapping[str, str]:
        return {"If-Match": self.ask("GET", path).headers["ETag"]}
