"""Plain HTTP calls to others."""

from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from store.metrics.http import measure_call
from store.server import context


def session(service: str) -> requests.Session:
    """A session that keeps connections, hands on the request id and measures each call."""
    made = requests.Session()
    made.headers["User-Agent"] = f"virtual-store/{service}"
    # Only for methods that are safe to repeat: urllib3 never repeats a POST here.
    retry = Retry(2, backoff_factor=0.1, status_forcelist=(502, 503, 504), raise_on_status=False)
    adapter = _Adapter(max_retries=retry)
    made.mount("http://", adapter)
    made.mount("https://", adapter)
    return made


def get_json(url: str, timeout: float) -> Any:
    """The JSON document at `url`, asked for at most three times; requests' errors otherwise."""
    with session("store") as made:
        response = made.get(url, timeout=timeout)
        response.raise_for_status()
        return response.json()


class _Adapter(HTTPAdapter):
    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        for name, value in context.outgoing().items():
            request.headers.setdefault(name, value)
        with measure_call(request.method or "GET", request.url or "") as outcome:
            response = super().send(request, *args, **kwargs)
            outcome.status = response.status_code
        return response
