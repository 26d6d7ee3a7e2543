"""The folder with the logs of all pods of a run: kept where somebody has to look into it."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from store.devstack.output import Output


@dataclass
class LogFolder:
    path: Path
    is_kept: bool = True


@contextmanager
def log_folder(output: Output) -> Iterator[LogFolder]:
    """A new folder; it is removed when the block ends, if by then nobody wants it to be kept."""
    folder = LogFolder(Path(tempfile.mkdtemp(prefix="proof-")))
    try:
        yield folder
    finally:
        if folder.is_kept:
            output.say(f"the logs of each pod are in {folder.path}")
        else:
            shutil.rmtree(folder.path, ignore_errors=True)
