"""A patient REST client: retries what is safe to repeat, and obeys `Retry-After`."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import urllib3

from store.server.backoff import seconds_to_wait

PATIENCE_SECONDS = 180.0
LONGEST_WAIT_SECONDS = 10.0
TIMEOUT = urllib3.Timeout(connect=5, read=40)
# The caller only sends what may be repeated, so "try again" and "nobody knows" mean the same to it.
AGAIN = frozenset({429, 500, 502, 503, 504})
IN_FLIGHT = "idempotency_key_in_flight"


class Stopped(Exception):
    """Somebody pressed Ctrl-C."""


@dataclass(frozen=True)
class Answer:
    """What the store said; status 0 when it said nothing for as long as we were patient."""

    status: int
    body: Any
    headers: Mapping[str, str]
    seconds: float
    attempts: int

    @property
    def code(self) -> str:
        """The stable name of a problem, or "" """
        return str(self.body.get("code", "")) if isinstance(self.body, dict) else ""

    @property
    def wants_another_try(self) -> bool:
        return self.status == 0 or self.status in AGAIN or self.code == IN_FLIGHT


class Api:
    """Connections to the services, shared by all customers."""

    def __init__(self, connections: int) -> None:
        self._pool = urllib3.PoolManager(
            maxsize=connections, block=True, timeout=TIMEOUT, retries=False
        )
        self.stopping = threading.Event()

    def call(
        self, method: str, url: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Ask until there is an answer worth having, for at most PATIENCE_SECONDS.

        Only for requests that change nothing when they are repeated.
        """
        started, attempt = time.monotonic(), 0
        while True:
            attempt += 1
            answer = self._try(method, url, body, headers or {}, started, attempt)
            wait = _wait(answer, attempt)
            if not answer.wants_another_try or answer.seconds + wait > PATIENCE_SECONDS:
                return answer
            self.sleep(wait)

    def is_there(self, url: str) -> bool:
        """Whether anybody answers, whatever the answer is."""
        try:
            self._pool.request("GET", url)
        except urllib3.exceptions.HTTPError:
            return False
        return True

    def sleep(self, seconds: float) -> None:
        """Wait, unless somebody stops us."""
        if self.stopping.wait(seconds):
            raise Stopped

    def close(self) -> None:
        """Give the connections back."""
        self._pool.clear()

    def _try(
        self,
        method: str,
        url: str,
        body: object,
        headers: Mapping[str, str],
        started: float,
        attempt: int,
    ) -> Answer:
        if self.stopping.is_set():
            raise Stopped
        data = None if body is None else orjson.dumps(body)
        sent = {"Content-Type": "application/json", **headers} if data else dict(headers)
        try:
            got = self._pool.request(method, url, body=data, headers=sent)
            status, content, received = got.status, _content(got.data), got.headers
        except urllib3.exceptions.HTTPError as error:
            status, content = 0, {"code": "unanswered", "detail": type(error).__name__}
            received = urllib3.HTTPHeaderDict()
        return Answer(status, content, received, time.monotonic() - started, attempt)


def _wait(answer: Answer, attempt: int) -> float:
    told = answer.headers.get("Retry-After", "")
    if told.isdigit():
        # Everybody was told the same second: come back one by one.
        return int(told) + seconds_to_wait(0)
    return seconds_to_wait(attempt, cap=LONGEST_WAIT_SECONDS)


def _content(data: bytes) -> Any:
    try:
        return orjson.loads(data) if data else {}
    except orjson.JSONDecodeError:
        return {}
