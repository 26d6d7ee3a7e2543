"""Subscribers, as we need them: an address that takes a signed message by POST."""

from collections.abc import Sequence
from dataclasses import dataclass

from store.orders.webhooks.messages import Message


@dataclass(frozen=True)
class Receipt:
    """What came of sending a message.

    `answer` is the status code, or the name of what went wrong. `retry_after` is in seconds.
    `gone` says that the subscriber wants nothing more, ever (410).
    """

    taken: bool
    answer: str
    retry_after: float | None = None
    gone: bool = False


class Subscribers:
    """Sends messages over connections that are kept; `private` lets them go to this network, too."""

    def __init__(self, *, private: bool) -> None:
        self._private = private

    def check_url(self, url: str) -> None:
        """Return if messages may be sent there; BadEndpointUrl says why not."""

    def send(self, url: str, message: Message, secrets: Sequence[str]) -> Receipt:
        """Send a message, signed with each secret; whatever happens, it takes 10 s at the most."""
        raise NotImplementedError
