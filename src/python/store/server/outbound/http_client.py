"""Plain HTTP calls to others."""

from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ReadTimeoutError
from urllib3.util.retry import Retry

from store.metrics.dependencies import RETRIES, CallOutcome, outcome_of_error, outcome_of_status
from store.server.outbound.breaker import Breaker
from store.server.outbound.calls import Calls
from store.server.telemetry import context


class BreakerOpen(requests.ConnectionError):
    """Nothing was sent: the server has not answered the calls before this one."""


def session(dependency: str, breaker: Breaker | None = None) -> requests.Session:
    """A session that keeps connections, hands on the request id and measures each call.

    `dependency` names who is called. While the breaker is open, every call is BreakerOpen.
    """
    made = requests.Session()
    made.headers["User-Agent"] = "virtual-store"
    adapter = _Adapter(Calls(dependency, breaker))
    made.mount("http://", adapter)
    made.mount("https://", adapter)
    return made


def get_json(url: str, timeout: float, dependency: str) -> Any:
    """The JSON document at `url`, asked for at most three times; requests' errors otherwise."""
    with session(dependency) as made:
        response = made.get(url, timeout=timeout)
        response.raise_for_status()
        return response.json()


class _Repeat(Retry):
    """What is repeated is what cannot have happened (no connection was made), or does no harm (GET).

    A Retry-After is not waited for: whoever sends it could hold us as long as it likes.
    """

    dependency = ""

    @classmethod
    def of(cls, dependency: str) -> "_Repeat":
        """At most two repeats, counted."""
        repeat = cls(
            total=2,
            backoff_factor=0.1,
            allowed_methods=("GET", "HEAD"),
            status_forcelist=(502, 503, 504),
            raise_on_status=False,
            respect_retry_after_header=False,
        )
        repeat.dependency = dependency
        return repeat

    def new(self, **changes: Any) -> "_Repeat":
        """As Retry's, of the same dependency."""
        made = super().new(**changes)
        made.dependency = self.dependency
        return made

    def increment(self, *args: Any, **kwargs: Any) -> "_Repeat":
        """As Retry's: an error when there are no more repeats, else one repeat follows."""
        left = super().increment(*args, **kwargs)
        RETRIES.labels(self.dependency).inc()
        return left


class _Adapter(HTTPAdapter):
    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        super().__init__(max_retries=_Repeat.of(calls.dependency))

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        for name, value in context.outgoing().items():
            request.headers.setdefault(name, value)
        call = self._calls.begin(request.method or "GET")
        if call is None:
            raise BreakerOpen(
                f"{self._calls.dependency} has not answered for a while", request=request
            )
        try:
            response = super().send(request, *args, **kwargs)
        except BaseException as error:
            call.end(_outcome_of(error))
            raise
        call.end(outcome_of_status(response.status_code))
        return response


def _outcome_of(error: BaseException) -> CallOutcome:
    # What requests calls a ConnectionError may be a time-out that urllib3 would have repeated.
    cause = getattr(error.args[0], "reason", None) if error.args else None
    late = isinstance(cause, ConnectTimeoutError | ReadTimeoutError)
    late = late and not isinstance(cause, NewConnectionError)
    return (
        CallOutcome.TIMEOUT
        if late or isinstance(error, requests.Timeout)
        else outcome_of_error(error)
    )
