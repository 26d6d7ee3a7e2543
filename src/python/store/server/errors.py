"""Everything that may go wrong, drawn as one tree.

    StoreError 500
    ├── BadRequest 400              ├── Unprocessable 422
    ├── Unauthenticated 401         │   └── Invalid (names one field)
    ├── Forbidden 403               ├── PreconditionRequired 428
    ├── NotFound 404                ├── TooManyRequests 429 (retry_after)
    ├── Conflict 409                ├── Unavailable 503 (retry_after)
    ├── PreconditionFailed 412      └── DeadlineExceeded 504
    ├── TooLarge 413
    └── UnsupportedMedia 415

Use cases raise these, or classes of their own below them; HTTP and gRPC each have one module that
turns them into an answer.
"""


class StoreError(Exception):
    """An error that the caller may see: a sentence, a stable code and the facts.

    `detail` is for people. `facts` are for programs: JSON-able, and safe to show to the caller.
    """

    status: int = 500
    code: str = "internal"
    title: str = "Internal Server Error"
    rpc_code: str = ""
    """The name of the gRPC status code where the HTTP status leaves it open, e.g. ALREADY_EXISTS."""

    def __init__(self, detail: str, /, **facts: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.facts = facts


class BadRequest(StoreError):
    """The request cannot be understood."""

    status = 400
    code = "bad_request"
    title = "Bad Request"


class Unauthenticated(StoreError):
    """Nobody knows who is calling."""

    status = 401
    code = "unauthenticated"
    title = "Unauthorized"


class Forbidden(StoreError):
    """The caller is known, and may not do this."""

    status = 403
    code = "forbidden"
    title = "Forbidden"


class NotFound(StoreError):
    """There is no such thing, or the caller may not know of it."""

    status = 404
    code = "not_found"
    title = "Not Found"


class Conflict(StoreError):
    """The thing is in a state that does not allow this."""

    status = 409
    code = "conflict"
    title = "Conflict"


class PreconditionFailed(StoreError):
    """The thing is no longer what the caller believes it is."""

    status = 412
    code = "precondition_failed"
    title = "Precondition Failed"


class TooLarge(StoreError):
    """The request holds more than the server takes."""

    status = 413
    code = "too_large"
    title = "Content Too Large"


class UnsupportedMedia(StoreError):
    """The body is of a type that this address does not read."""

    status = 415
    code = "unsupported_media_type"
    title = "Unsupported Media Type"


class Unprocessable(StoreError):
    """The request is understood, and makes no sense."""

    status = 422
    code = "invalid"
    title = "Unprocessable Content"


class Invalid(Unprocessable):
    """One field is wrong; `field` is its dotted path, such as `lines.0.sku`."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}", errors=[{"field": field, "reason": reason}])


class PreconditionRequired(StoreError):
    """The change must say which version it is meant for."""

    status = 428
    code = "precondition_required"
    title = "Precondition Required"


class TooManyRequests(StoreError):
    """The caller asks too often; `retry_after` is in seconds."""

    status = 429
    code = "too_many_requests"
    title = "Too Many Requests"

    def __init__(self, detail: str, /, *, retry_after: float = 1.0, **facts: object) -> None:
        super().__init__(detail, **facts)
        self.retry_after = retry_after


class Unavailable(StoreError):
    """Something needed is not there right now; `retry_after` is in seconds."""

    status = 503
    code = "unavailable"
    title = "Service Unavailable"

    def __init__(self, detail: str, /, *, retry_after: float = 1.0, **facts: object) -> None:
        super().__init__(detail, **facts)
        self.retry_after = retry_after


class DeadlineExceeded(StoreError):
    """There was too little time."""

    status = 504
    code = "deadline_exceeded"
    title = "Gateway Timeout"
