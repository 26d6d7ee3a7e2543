"""The client of a journey: every answer has to be the one that the journey expects."""

from collections.abc import Mapping, Sequence
from typing import Any

import requests

TIMEOUT_SECONDS = 30


class UnexpectedAnswer(Exception):
    """The store answered something else than the journey expects."""


class ServiceClient:
    """Calls one service with one access token."""

    def __init__(self, url: str, token: str = "") -> None:
        self._url = url
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy has no business on the loopback
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        status: int | Sequence[int] = 200,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> requests.Response:
        """The answer; UnexpectedAnswer unless it has this status or one of these. Options as of `requests`."""
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
            found = f"{answer.status_code} {answer.text[:300]}"
            raise UnexpectedAnswer(f"{method} {path}: {found}, not {status}")
        return answer

    def get(self, path: str, **options: Any) -> Any:
        return self.request("GET", path, **options).json()

    def post(
        self, path: str, body: object = None, *, status: int | Sequence[int] = 201, **options: Any
    ) -> Any:
        answer = self.request("POST", path, body, status=status, **options)
        return answer.json() if answer.content else {}

    def change(self, path: str, body: object) -> Any:
        """PATCH with the current version in `If-Match`; the body of the answer."""
        return self.request("PATCH", path, body, headers=self._version(path)).json()

    def delete(self, path: str) -> None:
        """DELETE with the current version in `If-Match`."""
        self.request("DELETE", path, status=204, headers=self._version(path))

    def _version(self, path: str) -> Mapping[str, str]:
        return {"If-Match": self.request("GET", path).headers["ETag"]}
