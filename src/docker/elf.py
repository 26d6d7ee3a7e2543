"""Makes shared libraries smaller without binutils, which a base image of Debian's or Python's does not have."""

import struct
from pathlib import Path

HEADER = "<16sHHIQQQIHHHHHH"
SEGMENT = "<IIQQQQQQ"
MAGIC = b"\x7fELF\x02\x01"  # 64 bits, little-endian


def strip(library: Path) -> None:
    """Cut off what is never loaded: symbols and sections for debuggers, which lie behind all segments."""
    content = library.read_bytes()
    if not content.startswith(MAGIC):
        return
    header = list(struct.unpack_from(HEADER, content))
    table, size, count = header[5], header[9], header[10]
    end = table + size * count
    for number in range(count):
        segment = struct.unpack_from(SEGMENT, content, table + number * size)
        end = max(end, segment[2] + segment[5])  # where it begins in the file, and how long it is
    header[6] = header[11] = header[12] = header[13] = 0  # there is no table of sections any more
    kept = bytearray(content[:end])
    struct.pack_into(HEADER, kept, 0, *header)
    library.write_bytes(kept)
