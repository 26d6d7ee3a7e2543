"""Plain HTTP calls to others."""

from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from store.metrics.http import measure_call
from store.server import context


def session(service: str) -> requests.Session:
    """A session that keeps connections, hands on the request id and measures each call.

    `service` names the caller or the purpose; it is the metric's `client`.
    """
    made = requests.Session()
    made.headers["User-Agent"] = f"virtual-store/{service}"
    adapter = _Adapter(service)
    made.mount("http://", adapter)
    made.mount("https://", adapter)
    return made


def get_json(url: str, timeout: float) -> Any:
    """The JSON document at `url`, asked for at most three times; requests' errors otherwise."""
    with session("store") as made:
        response = made.get(url, timeout=timeout)
        response.raise_for_status()
        return response.json()


# What is repeated is what cannot have happened (no connection was made), or does no harm (GET).
# A Retry-After is not waited for: whoever sends it could hold us as long as it likes.
_RETRY = Retry(
    total=2,
    backoff_factor=0.1,
    allowed_methods=("GET", "HEAD"),
    status_forcelist=(502, 503, 504),
    raise_on_status=False,
    respect_retry_after_header=False,
)


class _Adapter(HTTPAdapter):
    def __init__(self, client: str) -> None:
        self._client = client
        super().__init__(max_retries=_RETRY)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        for name, value in context.outgoing().items():
            request.headers.setdefault(name, value)
        with measure_call(self._client, request.method or "GET") as outcome:
            response = super().send(request, *args, **kwargs)
            outcome.status = response.status_code
        return response
