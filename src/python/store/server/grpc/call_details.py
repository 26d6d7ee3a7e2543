"""What a client's interceptor hands on."""

from typing import Any

import grpc


class _Details(grpc.ClientCallDetails):
    def __init__(self, details: Any, metadata: Any) -> None:
        self.method = details.method
        self.timeout = details.timeout
        self.metadata = metadata
        self.credentials = details.credentials
        self.wait_for_ready = details.wait_for_ready
        self.compression = details.compression


def with_metadata(details: Any, *added: tuple[str, str]) -> grpc.ClientCallDetails:
    """The same call with more metadata."""
    return _Details(details, (*(details.metadata or ()), *added))
