"""Whom PostgreSQL runs as. Apart from its programs, which whoever asks this need not have."""

import os
from typing import Any


def unprivileged() -> dict[str, Any]:
    """Arguments for subprocess: run as `nobody` when we are root, as ourselves otherwise."""
    if os.geteuid() != 0:
        return {}
    return {"user": "nobody", "group": _group_of_nobody(), "extra_groups": []}


def _group_of_nobody() -> int:
    # The group is called nogroup on Debian and nobody on Fedora.
    import pwd

    return pwd.getpwnam("nobody").pw_gid
