"""Unpacks a packed PEX as a folder that Python can run, without what no program uses.

`unpack.py dependencies PEX ROOT` puts the libraries in ROOT/app, `unpack.py sources PEX ROOT` our own
code in ROOT/shared/app and ROOT/own/app. The same PEX gives the same bytes. All code keeps its source,
so that a traceback shows the lines it went through. `strip` is that of binutils.
"""

import compileall
import json
import os
import pwd
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath
from py_compile import PycInvalidationMode

DATE = 1686355200
"""Of every file, so that what did not change is the same layer at the next commit: Debian 12's."""

STRIP = "/usr/bin/strip"

UNUSED_FOLDERS = {"__pycache__", ".prefix", "include", "man", "pgxs", "pkgconfig", "test", "tests"}
UNUSED_SUFFIXES = {".a", ".c", ".cpp", ".h", ".hpp", ".la", ".pxd", ".pxi", ".pyc", ".pyi", ".pyx"}
UNUSED_FILES = {".layout.json", "INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "py.typed"}
UNUSED_PARTS = (
    "gevent/testing/",
    "google/protobuf/testdata/",
    "pycparser/",  # cffi parses C with it when a library is built
    "stripe/params/",  # types, imported for type checkers alone
)
PEX_OWN = {".bootstrap", ".deps", "PEX-INFO", "__main__.py", "__pex__"}

LIBRARIES = {"__pycache__", "auth", "database", "metrics", "protos", "server"}
"""What every program stands on; other folders are the program's own."""

START = """\
import sys

from {module} import {function}

sys.exit({function}())
"""

USER = "store:x:10001:10001:store:/nonexistent:/usr/sbin/nologin\n"
GROUP = "store:x:10001:\n"


def unpack_dependencies(pex: Path, root: Path) -> None:
    """Every library of the PEX, side by side, compiled, and without symbols for debuggers."""
    app = root / "app"
    for wheel in sorted((pex / ".deps").iterdir()):
        with zipfile.ZipFile(wheel) as archive:
            for entry in archive.infolist():
                if not entry.is_dir() and is_used(PurePosixPath(entry.filename)):
                    file = Path(archive.extract(entry, app))
                    file.chmod(0o755 if entry.external_attr >> 16 & 0o100 else 0o644)
    shared = [str(file) for file in sorted(app.rglob("*.so*")) if is_elf(file)]
    if shared:
        subprocess.run([STRIP, "--strip-unneeded", *shared], check=True)
    compile_all(root)


def is_elf(file: Path) -> bool:
    """Whether it is a library or a program; what is called .so may be a text for the linker."""
    with file.open("rb") as opened:
        return opened.read(4) == b"\x7fELF"


def is_used(file: PurePosixPath) -> bool:
    """Whether a running program may want this file of a library."""
    return (
        file.name not in UNUSED_FILES
        and file.suffix not in UNUSED_SUFFIXES
        and UNUSED_FOLDERS.isdisjoint(file.parts[:-1])
        and not str(file).startswith(UNUSED_PARTS)
    )


def unpack_sources(pex: Path, root: Path) -> None:
    """Our own code, and `__main__.py`: `python /app` runs it.

    The program lies in ROOT/own and what it stands on in ROOT/shared, each a layer of its own.
    """
    app = root / "shared/app"
    for folder in sorted(path for path in pex.iterdir() if path.name not in PEX_OWN):
        shutil.copytree(folder, app / folder.name)
    module, function = json.loads((pex / "PEX-INFO").read_text())["entry_point"].split(":")
    (app / "__main__.py").write_text(START.format(module=module, function=function))
    compile_all(root / "shared")
    name_user(root / "shared")
    package = app / module.split(".")[0]
    rooms = [each for each in package.iterdir() if each.is_dir() and each.name not in LIBRARIES]
    for part in (*(room.relative_to(app) for room in rooms), Path("__main__.py")):
        goal = root / "own/app" / part
        goal.parent.mkdir(parents=True, exist_ok=True)
        (app / part).rename(goal)


def compile_all(root: Path) -> None:
    """Compile now what a read-only container would compile at each start.

    One file after the other: what lies in memory leaves traces in the bytes.
    """
    compileall.compile_dir(
        root,
        maxlevels=50,
        quiet=2,
        stripdir=str(root),
        prependdir="/",
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )


def name_user(root: Path) -> None:
    """A name for the user of our containers, which PostgreSQL asks for, if the base has none."""
    try:
        pwd.getpwuid(10001)
    except KeyError:
        (root / "etc").mkdir()
        (root / "etc/passwd").write_text(Path("/etc/passwd").read_text() + USER)
        (root / "etc/group").write_text(Path("/etc/group").read_text() + GROUP)


def set_dates(root: Path) -> None:
    """Give everything the same date."""
    for path in root.rglob("*"):
        os.utime(path, (DATE, DATE), follow_symlinks=False)


def main() -> None:
    """Unpack what was asked for."""
    part, pex, root = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    {"dependencies": unpack_dependencies, "sources": unpack_sources}[part](pex, root)
    set_dates(root)


if __name__ == "__main__":
    main()
