"""HTTP calls that wait until a connection to the server can be made."""

from collections.abc import Callable

import requests
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from store.server.outbound.reachability import Unreachable, wait_until_reachable


def send_when_reachable(
    send: Callable[[], requests.Response], seconds: float, whom: str
) -> requests.Response:
    """The answer to what `send` sends, tried again for so many seconds while no connection can be made.

    Nothing has been sent then, so that anything may be tried again. Errors are those of requests.
    """

    def once() -> requests.Response:
        try:
            return send()
        except requests.ConnectionError as error:
            if _is_unconnected(error):
                raise Unreachable("no connection can be made") from error
            raise

    try:
        return wait_until_reachable(once, seconds, whom)
    except Unreachable as given_up:
        if isinstance(given_up.__cause__, requests.ConnectionError):
            raise given_up.__cause__ from None
        raise


def _is_unconnected(error: requests.ConnectionError) -> bool:
    """Refused, not answered in time, or of no known name."""
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)
