"""The request as our applications see it: bounded, and in clean text."""

from typing import IO, cast
from urllib.parse import unquote_to_bytes

import flask
from werkzeug.utils import cached_property
from werkzeug.wsgi import LimitedStream

from store.server.errors import BadRequest


class BadText(BadRequest):
    """The address holds a NUL byte, or bytes that are not UTF-8."""

    code = "bad_text"

    def __init__(self) -> None:
        super().__init__("The path and the query must be UTF-8 without NUL bytes.")


class Request(flask.Request):
    """Flask's request, which also refuses chunked bodies over the limit and bad text."""

    began: float = 0.0
    """When it came, on the clock of `time.perf_counter`."""

    @cached_property
    def stream(self) -> IO[bytes]:
        """The body, not to be read past the limit."""
        stream = super().stream
        if isinstance(stream, LimitedStream) and self.content_length is None:
            limit = cast(int, self.max_content_length)
            return cast(IO[bytes], _Bounded(self.input_stream, limit, is_max=True))
        return stream

    def refuse_bad_text(self) -> None:
        """Raise BadText if the path or the query is none that PostgreSQL could be asked for."""
        path, query = self.environ.get("PATH_INFO", ""), self.environ.get("QUERY_STRING", "")
        if path.isascii() and "\0" not in path and query.isascii() and "%" not in query:
            return
        for part in (path.encode("latin-1"), unquote_to_bytes(query.encode("latin-1"))):
            if b"\0" in part or not _is_utf8(part):
                raise BadText


class _Bounded(LimitedStream):
    def readall(self) -> bytes:
        """The whole body: Werkzeug would cut a chunked one off at the limit, as if it ended there."""
        data = super().readall()
        if self.is_exhausted and self._stream.read(1):
            self.on_exhausted()
        return data


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
