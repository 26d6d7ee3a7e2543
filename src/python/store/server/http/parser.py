"""Reads bodies, queries and headers into schemas; every refusal is an error of the tree."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, NoReturn

import marshmallow
import orjson
from flask import Request
from webargs import missing
from webargs.core import is_json
from webargs.flaskparser import FlaskParser

from store.server.errors import BadRequest, Invalid, Unprocessable, UnsupportedMedia

_MOST_ERRORS = 100
_Path = tuple["_Path", str] | None


class MalformedJson(BadRequest):
    """The body is not JSON in UTF-8."""

    code = "malformed_json"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The body is not JSON: {reason}.")


class Parser(FlaskParser):
    """webargs' parser, with orjson for bodies and our errors."""

    DEFAULT_UNKNOWN_BY_LOCATION = {
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": marshmallow.RAISE,
        "headers": marshmallow.EXCLUDE,
    }

    def load_json(self, req: Request, schema: marshmallow.Schema) -> Any:  # noqa: ARG002
        """The body as an object, or `missing` when there is none."""
        return body_of(req)

    def handle_error(
        self, error: marshmallow.ValidationError, *_args: object, **_kwargs: object
    ) -> NoReturn:
        """Raise the complaints as one Unprocessable."""
        raise not_fitting(error.messages)


def body_of(request: Request) -> Any:
    """The JSON body; `missing` when it is empty. MalformedJson, UnsupportedMedia or Invalid."""
    data = request.get_data(cache=True)
    if not data:
        return missing
    if not is_json(request.mimetype):
        raise UnsupportedMedia("Send the body as application/json.")
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise MalformedJson(str(error)) from None
    if not isinstance(body, dict):
        raise Invalid("body", "Must be an object.")
    if b"\\u0000" in data:
        _refuse_nul(body)
    return body


def _refuse_nul(body: Any) -> None:
    # A stack instead of recursion: JSON may be nested deeper than Python's calls. And paths are
    # chains that share their beginnings: written out for each value they could fill the memory.
    waiting: list[tuple[_Path, Any]] = [(None, body)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str) and "\0" in value:
            raise Invalid(_dotted(path), "Must not contain control characters.")
        for name, item in _members(value):
            # A name is a text of the object that it stands in.
            waiting.append((path, name))
            waiting.append(((path, name), item))


def _dotted(path: "_Path") -> str:
    names: list[str] = []
    while path:
        path, name = path
        names.insert(0, name)
    return ".".join(names) or "body"


def _members(value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict):
        return value.items()
    if isinstance(value, list):
        return ((str(number), item) for number, item in enumerate(value))
    return ()


def not_fitting(messages: Mapping[str, Any] | list[Any]) -> Unprocessable:
    """The error that lists webargs' messages as dotted fields with their reasons, 100 at most."""
    found = (
        {"field": field, "reason": reason}
        for location, complaints in dict(messages).items()
        for field, reason in _flat(complaints, () if location == "json" else (location,))
    )
    errors = list(islice(found, _MOST_ERRORS))
    first = errors[0]
    return Unprocessable(f"{first['field']}: {first['reason']}", errors=errors)


def _flat(messages: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(messages, Mapping):
        for key, found in messages.items():
            yield from _flat(found, path if key == "_schema" else (*path, str(key)))
    elif isinstance(messages, list):
        for found in messages:
            yield from _flat(found, path)
    else:
        yield ".".join(path) or "body", str(messages)
