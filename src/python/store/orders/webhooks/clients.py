"""Subscribers, as we need them: an address that takes a signed message by POST."""

import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from urllib.parse import SplitResult, urlsplit

from urllib3.exceptions import HTTPError

from store.metrics.dependencies import (
    CallOutcome,
    CallTimer,
    announce,
    outcome_of_error,
    outcome_of_status,
)
from store.orders.webhooks.addresses import PrivateAddress, check_url
from store.orders.webhooks.connections import Answer, Connection, ConnectionPool, Deadline
from store.orders.webhooks.errors import BadEndpointUrl
from store.orders.webhooks.messages import Message
from store.orders.webhooks.signatures import signature
from store.server.clock import now

DEADLINE_SECONDS = 10.0
"""For everything: looking up the name, connecting, sending, and hearing the status."""

LONGEST_RETRY_AFTER = 3600.0
GONE = 410


@dataclass(frozen=True)
class Receipt:
    """What came of sending a message.

    `answer` is the status code, or a word for what went wrong. `retry_after` is in seconds, at most
    an hour.
    `gone` says that the subscriber wants nothing more, ever (410).
    """

    taken: bool
    answer: str
    retry_after: float | None = None
    gone: bool = False


class Subscribers:
    """Sends messages over connections that are kept; `private` lets them go to this network, too."""

    def __init__(self, *, private: bool) -> None:
        announce("subscribers", "POST")
        self._private = private
        self._connections = ConnectionPool()

    def check_url(self, url: str) -> None:
        """Return if messages may be sent there; BadEndpointUrl says why not."""
        check_url(url, private=self._private)

    def send(self, url: str, message: Message, secrets: Sequence[str]) -> Receipt:
        """Send a message, signed with each secret. Whatever happens, it is over in 10 s.

        It is taken when the answer is 2xx. Redirects are not followed.
        """
        deadline = Deadline(time.monotonic() + DEADLINE_SECONDS)
        try:
            self.check_url(url)
            answer = self._measured(urlsplit(url), message, secrets, deadline)
        except (OSError, HTTPException, HTTPError, ValueError, BadEndpointUrl) as error:
            return Receipt(False, "timeout" if deadline.is_over() else _word_for(error))
        return _receipt(answer)

    def _measured(
        self, url: SplitResult, message: Message, secrets: Sequence[str], deadline: Deadline
    ) -> Answer:
        call = CallTimer("subscribers", "POST")
        try:
            answer = self._post(url, message, secrets, deadline)
        except BaseException as error:
            call.end(CallOutcome.TIMEOUT if deadline.is_over() else outcome_of_error(error))
            raise
        call.end(outcome_of_status(answer.status))
        return answer

    def _post(
        self, url: SplitResult, message: Message, secrets: Sequence[str], deadline: Deadline
    ) -> Answer:
        connection = self._connections.take(url) or Connection(url, private=self._private)
        try:
            answer = connection.post(url, message.body, _headers(message, secrets), deadline)
        except BaseException:
            connection.close()
            raise
        self._connections.give_back(connection)
        return answer


def _headers(message: Message, secrets: Sequence[str]) -> dict[str, str]:
    at = int(time.time())
    signatures = [signature(secret, message.id, at, message.body) for secret in secrets]
    return {
        "Content-Type": "application/json",
        "User-Agent": "virtual-store/webhooks",
        "webhook-id": message.id,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(signatures),
    }


def _receipt(answer: Answer) -> Receipt:
    taken = 200 <= answer.status < 300
    wait = None if taken else _seconds(answer.retry_after)
    return Receipt(taken, str(answer.status), wait, gone=answer.status == GONE)


def _seconds(retry_after: str) -> float | None:
    """What a Retry-After asks for, up to an hour (RFC 9110, section 10.2.3: seconds, or a date)."""
    if retry_after.isascii() and retry_after.isdigit():
        return min(float(retry_after), LONGEST_RETRY_AFTER)
    try:
        at = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    # A date in the form of RFC 850 or asctime has no zone; it is UTC all the same.
    seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now()).total_seconds()
    return min(max(0.0, seconds), LONGEST_RETRY_AFTER)


# The first that fits; the most special ones come first.
_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (BadEndpointUrl, "bad_url"),
    (PrivateAddress, "private_address"),
    (TimeoutError, "timeout"),
    (socket.gaierror, "unknown_host"),
    (ssl.SSLCertVerificationError, "bad_certificate"),
    (ssl.SSLError, "tls_failed"),
    (ConnectionRefusedError, "connection_refused"),
    (ConnectionError, "connection_lost"),
    (HTTPException, "not_http"),
    (HTTPError, "not_http"),
)


def _word_for(error: Exception) -> str:
    return next((word for kind, word in _WORDS if isinstance(error, kind)), "unreachable")
