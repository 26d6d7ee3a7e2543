"""Files that survive a power cut, and what disks have to say to people."""

import os
from pathlib import Path


def sync(path: Path) -> None:
    """Let a power cut not undo what was just written to this file, or renamed in this folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(file: Path, text: str) -> None:
    """Replace the file's text at once: nobody ever reads half of it."""
    new = file.with_name(f"{file.name}.new")
    new.write_text(text)
    sync(new)
    new.rename(file)


def size_in_words(size: float) -> str:
    """A number of bytes as people say it."""
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def reason(error: OSError) -> str:
    """Why something could not be done, and with which file."""
    return f"{error.strerror} ({error.filename})" if error.filename else str(error.strerror)
