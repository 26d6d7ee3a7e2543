"""Bulk import of products over HTTP.

    POST /v1/imports?format=csv&dry_run=true&map=sku:StockCode,title:Description&set=currency:GBP
    Authorization: Bearer <token of staff>
    <the file; chunked or with a Content-Length, of any size>

`format`  csv (UTF-8, a header, quoted newlines and a BOM are fine) or ndjson (one object a line).
`dry_run` true: the same checks and the same answer, and nothing is written.
`map`     our column:column of the file, separated by commas; columns that bear our names need none.
`set`     our column:value for every row that leaves it empty.
          In both, quote a pair that holds a comma as in CSV: "title:Red, big". Both may be repeated.

Our columns; only `sku` is needed for a SKU that exists, `title` too for a new one:

    sku          up to 64 letters, digits, '.', '_', '-'; an existing one is updated
    title        of the product
    description  of the product
    category     path of slugs or names, "kitchen/Coffee mugs"; created when it does not exist
    product      rows with the same key are variants of one product; else each SKU has its own
    variant      name of the variant
    price        in major units, "12.90", above zero; needs a currency; holds from now on
    currency     ISO 4217
    stock        units on hand, as counted; needs a warehouse
    warehouse    code of the warehouse; opened when it does not exist
    image        https URLs, separated by blanks; added to those the product has
    attributes.X attribute X of the variant (in NDJSON also {"attributes": {"X": ...}})

An empty `title` or `price` in a file that has the column is an error; any other empty cell leaves
what is there. Products that the import creates are active. If a SKU comes twice, the later row wins.

What cannot be read at all (no `sku` column, a column in `map` that the file has not) is answered
with a problem document (422). Else the answer is 200 and `application/x-ndjson`, line by line:

    {"type": "progress", "rows": 5000, "created": 4100, "updated": 300, "unchanged": 550, "rejected": 50}
    {"type": "error", "row": 17, "line": 19, "column": "UnitPrice", "reason": "Must be above zero."}
    {"type": "summary", "rows": ..., "created": ..., "updated": ..., "unchanged": ..., "rejected": ...,
     "dry_run": false, "ignored_columns": ["InvoiceNo"], "errors_left_out": 0}

Progress comes while the file is read, each line a little later than the one before; errors come when
it has been read, at most 10,000 of them. `row` counts rows as a spreadsheet does (the header is 1,
blank rows count), `line` is the line of the file where the row begins; in NDJSON both are the line. `rows` counts
those with something in them, without the header. The last line is the summary, or

    {"type": "failed", "code": ..., "detail": ..., "rows": ..., ...}

if the import could not go on. An answer without either was cut off. Rows are written in batches of
500, each as a whole; so an import that broke off can simply be run again. A dry run takes every
batch back, so a new SKU that comes again in a later batch counts as created once more.
"""

import io
import sys
from typing import IO, Any, BinaryIO, cast

import orjson
from flask import Response, request, stream_with_context
from werkzeug.exceptions import ClientDisconnected

from store.auth.callers import Role
from store.auth.http import current_caller, role_required
from store.inventory.api.import_schemas import ImportArgs
from store.inventory.imports.batches import Author
from store.inventory.imports.files import CsvFile, NdjsonFile
from store.inventory.imports.rows import RowParser
from store.inventory.imports.run import run_import
from store.server.errors import BadRequest
from store.server.http.blueprint import Blueprint

READ_AT_ONCE = 16_384  # bytes

routes = Blueprint("imports", __name__, url_prefix="/v1", description=__doc__)

_A_FILE = {"schema": {"type": "string", "format": "binary"}}
FILE = {"required": True, "content": {"text/csv": _A_FILE, "application/x-ndjson": _A_FILE}}


@routes.post("/imports")
@role_required(Role.STAFF)
@routes.arguments(ImportArgs, location="query")
@routes.response(200, content_type="application/x-ndjson")
@routes.doc(requestBody=FILE)
def import_products(asked: dict[str, Any]) -> Response:
    """Import products from a CSV or NDJSON file of any size; the answer grows while it is read."""
    parser: RowParser = asked["parser"]
    author = Author(str(current_caller().id), asked["dry_run"])
    file = _opened(asked["format"], parser)
    lines = (orjson.dumps(line) + b"\n" for line in run_import(file, parser, author))
    return Response(stream_with_context(lines), mimetype="application/x-ndjson")


def _opened(form: str, parser: RowParser) -> CsvFile | NdjsonFile:
    # The body is never held as a whole, so the limit that protects the memory is lifted.
    request.max_content_length = sys.maxsize
    body = cast(BinaryIO, io.BufferedReader(Body(request.stream), READ_AT_ONCE))
    if form == "ndjson":
        return NdjsonFile(body)
    file = CsvFile.opened(body)
    parser.check(file.columns)
    return file


class BodyBrokenOff(BadRequest):
    """The client has gone in the middle of the file."""

    code = "body_broken_off"

    def __init__(self) -> None:
        super().__init__("The file broke off; what was read so far is kept, run the import again.")


class Body(io.RawIOBase):
    """The body of the request as it comes; BodyBrokenOff instead of the server's own errors."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as there is something."""
        try:
            data = self._stream.read(len(buffer))
        except (OSError, ClientDisconnected):
            raise BodyBrokenOff from None
        buffer[: len(data)] = data
        return len(data)
