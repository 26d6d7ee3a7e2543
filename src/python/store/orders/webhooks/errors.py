"""What goes wrong with webhook endpoints, in the shop's words.

StoreError
├── Unprocessable 422
│   └── BadEndpointUrl       nobody may be called there
├── NotFound 404
│   ├── EndpointNotFound, DeliveryNotFound
├── Conflict 409
│   └── TooManyEndpoints
└── Unavailable 503
    └── NoWorker             no test message was sent
"""

from store.server.errors import Conflict, NotFound, Unavailable, Unprocessable


class BadEndpointUrl(Unprocessable):
    """Messages cannot, or must not, be sent to this address."""

    code = "bad_endpoint_url"

    def __init__(self, reason: str) -> None:
        super().__init__(f"url: {reason}", errors=[{"field": "url", "reason": reason}])


class EndpointNotFound(NotFound):
    """There is no such endpoint, or not any more."""

    code = "webhook_endpoint_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such webhook endpoint.")


class DeliveryNotFound(NotFound):
    """This endpoint was never owed this event, or that is so long ago that it is forgotten."""

    code = "webhook_delivery_not_found"

    def __init__(self) -> None:
        super().__init__("This endpoint has no delivery of this event.")


class TooManyEndpoints(Conflict):
    """Each event is written down once for each endpoint, so there is a limit."""

    code = "too_many_webhook_endpoints"

    def __init__(self, most: int) -> None:
        super().__init__(f"There are {most} endpoints, which is the limit; delete one.", most=most)


class NoWorker(Unavailable):
    """Test messages are sent by workers, and none has taken this one up; it was not sent."""

    code = "no_webhook_worker"

    def __init__(self) -> None:
        super().__init__(
            "No worker sends messages right now; nothing was sent. Try again.", retry_after=5.0
        )
