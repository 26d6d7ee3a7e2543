"""Its functions are in models/sql today; its name stays, since databases and versions before know it."""

from typing import Any


def up(migrator: Any, db: Any) -> None:
    pass
