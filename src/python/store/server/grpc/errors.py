"""Our errors as gRPC statuses, there and back."""

from typing import Any

import grpc
import orjson
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from store.server.errors import StoreError

DOMAIN = "virtual-store"

_CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    409: grpc.StatusCode.FAILED_PRECONDITION,
    412: grpc.StatusCode.FAILED_PRECONDITION,
    413: grpc.StatusCode.OUT_OF_RANGE,
    415: grpc.StatusCode.INVALID_ARGUMENT,
    422: grpc.StatusCode.INVALID_ARGUMENT,
    428: grpc.StatusCode.FAILED_PRECONDITION,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}
HTTP_STATUSES = {
    grpc.StatusCode.INVALID_ARGUMENT: 422,
    grpc.StatusCode.OUT_OF_RANGE: 422,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.FAILED_PRECONDITION: 409,
    grpc.StatusCode.ABORTED: 409,
}
"""The HTTP statuses of definite refusals; every other code leaves the outcome open."""


def status_of(error: StoreError) -> status_pb2.Status:
    """The google.rpc.Status that carries the error's detail, code and facts."""
    code = grpc.StatusCode[error.rpc_code] if error.rpc_code else _CODES.get(error.status)
    number, _name = (code or grpc.StatusCode.INTERNAL).value
    facts = {name: _text(value) for name, value in error.facts.items()}
    info = error_details_pb2.ErrorInfo(reason=error.code, domain=DOMAIN, metadata=facts)
    packed = any_pb2.Any()
    packed.Pack(info)
    return status_pb2.Status(code=number, message=error.detail, details=[packed])


def info_of(error: grpc.RpcError) -> error_details_pb2.ErrorInfo | None:
    """The ErrorInfo that came with a status, if one did."""
    try:
        status = rpc_status.from_call(error)
    except ValueError:
        return None
    for packed in status.details if status else ():
        info = error_details_pb2.ErrorInfo()
        if packed.Unpack(info):
            return info
    return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value, default=str).decode()
