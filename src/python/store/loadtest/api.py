"""A patient REST client: retries what is safe to repeat, and obeys `Retry-After`."""

import math
import resource
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson
import urllib3

from store.cli.interrupts import Interruption
from store.server.outbound.backoff import seconds_to_wait

TIMEOUT_SECONDS = 180.0
LONGEST_WAIT_SECONDS = 10.0
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 40.0
MAX_HOSTS = 32
# The caller only sends what may be repeated, so "try again" and "nobody knows" mean the same to it.
AGAIN = frozenset({429, 500, 502, 503, 504})
IN_FLIGHT = "idempotency_key_in_flight"
_JSON = {"Content-Type": "application/json"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Response:
    """What the store answered; status 0 when it said nothing for as long as we were patient."""

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


@dataclass(frozen=True)
class _Request:
    method: str
    urls: Sequence[str]
    data: bytes | None
    headers: Mapping[str, str]

    def url(self, attempt: int) -> str:
        """Where this attempt goes: to each replica in turn."""
        return self.urls[(attempt - 1) % len(self.urls)]


class Api:
    """Connections to the services, shared by all customers.

    `patience`: how many seconds a request is repeated; `until`: when (monotonic) that ends for all of
    them; `answer_seconds`: how long one attempt waits.
    `detours`: where it is to go instead, for addresses that lead nowhere from here.
    """

    def __init__(
        self,
        connections: int,
        patience: float = TIMEOUT_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self.patience = patience
        self.until = math.inf
        self.detours: dict[str, str] = {}
        self._pool = urllib3.PoolManager(
            num_pools=MAX_HOSTS,
            maxsize=connections,
            block=True,
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=answer_seconds),
            retries=False,
        )
        self.stopping = threading.Event()

    def call(
        self,
        method: str,
        url: str | Sequence[str],
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Ask until there is an answer worth having, for as long as we are patient.

        Only for requests that change nothing when they are repeated. Given several addresses of the
        same thing, one at each replica, every further attempt goes to the next one.
        """
        data = None if body is None else orjson.dumps(body)
        sent = {**(_JSON if data else {}), **(headers or {})}
        urls = (url,) if isinstance(url, str) else url
        return self._ask(_Request(method, urls, data, sent))

    def submit(self, url: str, fields: Mapping[str, str]) -> Response:
        """Send a form to where the store has sent us, as a browser does; what comes next is not visited."""
        for origin, instead in self.detours.items():
            url = f"{instead}{url.removeprefix(origin)}" if url.startswith(f"{origin}/") else url
        return self._ask(_Request("POST", (url,), urlencode(fields).encode(), _FORM))

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
            raise Interruption

    def close(self) -> None:
        self._pool.clear()

    def _ask(self, request: _Request) -> Response:
        started, attempt = time.monotonic(), 0
        give_up = min(started + self.patience, self.until)
        while True:
            attempt += 1
            answer = self._try(request, started, attempt)
            # Only when every replica has failed once more is it time to wait for longer.
            wait = _wait(answer, attempt // len(request.urls))
            if not answer.wants_another_try or time.monotonic() + wait > give_up:
                return answer
            self.sleep(wait)

    def _try(self, request: _Request, started: float, attempt: int) -> Response:
        if self.stopping.is_set():
            raise Interruption
        try:
            got = self._pool.request(
                request.method,
                request.url(attempt),
                body=request.data,
                headers=request.headers,
                redirect=False,
            )
            status, content, received = got.status, _content(got.data), got.headers
        except urllib3.exceptions.HTTPError as error:
            status, content = 0, {"code": "unanswered", "detail": type(error).__name__}
            received = urllib3.HTTPHeaderDict()
        return Response(status, content, received, time.monotonic() - started, attempt)


def allow_many_connections(files: int) -> None:
    """Raise our own limit of open files: the usual 1,024 are too few for a store that hangs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = files if hard == resource.RLIM_INFINITY else min(files, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _wait(answer: Response, failures: int) -> float:
    seconds = answer.headers.get("Retry-After", "")
    if seconds.isdigit():
        # Everybody was given the same second: come back one by one.
        return int(seconds) + seconds_to_wait(0)
    return seconds_to_wait(failures, cap=LONGEST_WAIT_SECONDS)


def _content(data: bytes) -> Any:
    try:
        return orjson.loads(data) if data else {}
    except orjson.JSONDecodeError:
        return {}
