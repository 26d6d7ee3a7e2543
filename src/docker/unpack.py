"""Unpacks a packed PEX into a folder that Python can run, without what no program uses.

`unpack.py dependencies PEX FOLDER` takes the libraries, `unpack.py sources PEX FOLDER` our own code
and what starts it. The same PEX gives the same bytes: everything has the date SOURCE_DATE_EPOCH, and
what is compiled is compiled here, without a date in it.
"""

import compileall
import json
import os
import shutil
import sys
import zipfile
from pathlib import Path
from py_compile import PycInvalidationMode

DATE = 1686355200  # of everything: Debian 12's, like the base image's
UNUSED_FOLDERS = {
    "tests",
    "test",
    "include",
    "pkgconfig",
    "pgxs",
    "man",
    "doc",
    "__pycache__",
    ".prefix",
}
UNUSED_SUFFIXES = {
    ".c",
    ".h",
    ".cpp",
    ".hpp",
    ".pyx",
    ".pxd",
    ".pxi",
    ".pyi",
    ".a",
    ".la",
    ".whl",
    ".pyc",
}
UNUSED_FILES = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "py.typed", ".layout.json"}
PEX_OWN = {".bootstrap", ".deps", "PEX-INFO", "__main__.py", "__pex__"}

START = """\
import sys

from {module} import {function}

sys.exit({function}())
"""


def unpack_dependencies(pex: Path, goal: Path) -> None:
    """Every library of the PEX, side by side."""
    for wheel in sorted((pex / ".deps").iterdir()):
        with zipfile.ZipFile(wheel) as archive:
            for entry in archive.infolist():
                if is_used(Path(entry.filename)):
                    written = Path(archive.extract(entry, goal))
                    written.chmod(0o755 if is_program(entry) else 0o644)


def is_used(file: Path) -> bool:
    """Whether a running program may want this file of a library."""
    if file.name in UNUSED_FILES or file.suffix in UNUSED_SUFFIXES:
        return False
    return UNUSED_FOLDERS.isdisjoint(file.parts[:-1])


def is_program(entry: zipfile.ZipInfo) -> bool:
    """Whether it is a folder or may be executed."""
    return entry.is_dir() or bool(entry.external_attr >> 16 & 0o100)


def unpack_sources(pex: Path, goal: Path) -> None:
    """Our own code and `__main__.py`, so that `python FOLDER` is the program."""
    shutil.copytree(
        pex, goal, ignore=lambda folder, names: PEX_OWN & set(names) if Path(folder) == pex else ()
    )
    entry_point = json.loads((pex / "PEX-INFO").read_text())["entry_point"]
    module, function = entry_point.split(":")
    (goal / "__main__.py").write_text(START.format(module=module, function=function))


def compile_all(folder: Path) -> None:
    """Compile now what a read-only container would compile at each start."""
    mode = PycInvalidationMode.UNCHECKED_HASH
    compileall.compile_dir(
        folder, quiet=2, workers=0, stripdir=folder, prependdir="/app", invalidation_mode=mode
    )


def set_dates(folder: Path) -> None:
    """Give everything in it the same date: what has not changed is the same layer in the next commit."""
    for path in folder.rglob("*"):
        os.utime(path, (DATE, DATE), follow_symlinks=False)


def main() -> None:
    """Run the command that was asked for."""
    part, pex, made = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    goal = made / "app"
    {"dependencies": unpack_dependencies, "sources": unpack_sources}[part](pex, goal)
    compile_all(goal)
    set_dates(made)


if __name__ == "__main__":
    main()
