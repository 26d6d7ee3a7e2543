"""Guard changes against changes: versions as ETags (RFC 9110, sections 8.8.3 and 13.1.1)."""

import re
from typing import TypeVar

from flask import request

from store.server.errors import PreconditionFailed, PreconditionRequired

T = TypeVar("T")

IF_MATCH = {
    "parameters": [
        {
            "in": "header",
            "name": "If-Match",
            "required": True,
            "schema": {"type": "string"},
            "description": "The ETag that you have read.",
        }
    ]
}
"""For the OpenAPI document of routes that change one version into the next."""

_OURS = re.compile(r'"v([0-9]{1,18})"')


class StaleVersion(PreconditionFailed):
    """Somebody else has changed the thing since the caller read it."""

    code = "stale_version"

    def __init__(self) -> None:
        super().__init__("It has changed since you read it; read it again and repeat the change.")


class IfMatchRequired(PreconditionRequired):
    """The change does not say which version it is meant for."""

    code = "if_match_required"

    def __init__(self) -> None:
        super().__init__("Send the ETag you have read as If-Match.")


def etag(version: int) -> str:
    """The strong ETag of a version."""
    return f'"v{version}"'


def wanted_version() -> int:
    """The version that the request's If-Match names.

    IfMatchRequired when there is none, StaleVersion when it is not one of ours.
    """
    header = request.headers.get("If-Match")
    if header is None:
        raise IfMatchRequired
    ours = _OURS.fullmatch(header.strip())
    if ours is None:
        raise StaleVersion
    return int(ours[1])


def tagged(body: T, version: int) -> tuple[T, dict[str, str]]:
    """What a view returns to answer `body` under the ETag of its version."""
    return body, {"ETag": etag(version)}
