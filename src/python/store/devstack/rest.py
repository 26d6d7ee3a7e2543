"""Calls to the store's public REST API, for what `up` and `import` need of it.

Other than the client of loadtest, which stands above, it uploads files of any size, asks once, and takes
whatever is not a success for an error that a person has to read.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import requests

from store.cli.errors import Trouble
from store.server.outbound.reachable_calls import send_when_reachable

TIMEOUT_SECONDS = 30


class Rest:
    """One session with the store; a refusal is a Trouble that says what the store said.

    `patience` is in seconds: so long is waited while no connection can be made.
    """

    def __init__(self, patience: float = 0) -> None:
        self._patience = patience
        self._session = requests.Session()
        # No .netrc may replace our token, and a proxy has no business on the loopback.
        self._session.trust_env = False

    def __enter__(self) -> "Rest":
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def call(
        self,
        method: str,
        url: str,
        body: object = None,
        token: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send JSON; Trouble unless the answer is a success."""
        ours = {**_bearer(token), **(headers or {})}
        return self._answer(
            url,
            lambda: self._session.request(
                method, url, json=body, headers=ours, timeout=TIMEOUT_SECONDS
            ),
        )

    def log_in(self, users_url: str, email: str, password: str) -> str:
        """An access token."""
        body = {"email": email, "password": password}
        return str(self.call("POST", f"{users_url}/v1/sessions", body).json()["access_token"])

    def upload(
        self, url: str, params: Mapping[str, Any], content: Iterable[bytes], token: str
    ) -> requests.Response:
        """Stream a body of any size; the answer is still to be read."""
        headers = {**_bearer(token), "Content-Type": "application/octet-stream"}
        return self._answer(
            url,
            lambda: self._session.post(
                url, params=params, data=content, headers=headers, stream=True, timeout=(5, None)
            ),
        )

    def _answer(self, url: str, send: Callable[[], requests.Response]) -> requests.Response:
        try:
            answer = send_when_reachable(send, self._patience, url)
        except requests.RequestException as error:
            raise Unreachable(url, error) from None
        if not answer.ok:
            raise RequestRefused(answer)
        return answer


class Unreachable(Trouble):
    def __init__(self, url: str, error: Exception) -> None:
        super().__init__(
            f"{url} cannot be reached ({type(error).__name__}): is the store up? ./pants up"
        )


class RequestRefused(Trouble):
    """The store said no; `status` and `code` are its own."""

    def __init__(self, answer: requests.Response) -> None:
        self.status = answer.status_code
        problem = _problem(answer)
        self.code = str(problem.get("code", ""))
        fields = [f"{each['field']}: {each['reason']}" for each in problem.get("errors", [])]
        said = "; ".join([str(problem.get("detail", answer.reason)), *fields])
        url = answer.url.partition("?")[0]
        super().__init__(f"{url} answered {self.status} {self.code}: {said}")


def _problem(answer: requests.Response) -> dict[str, Any]:
    try:
        problem = answer.json()
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}
