"""When the newest good dump of a service's database was made, for Prometheus."""

from collections.abc import Callable

from store.database.config import DatabaseConfig
from store.database.database import Database
from store.database.dump_note import READ
from store.server.process.worker import repeat


def backup_watch(database: Database, config: DatabaseConfig) -> list[Callable[[], None]]:
    """The loop that keeps the metric true, for a service's background; none where no backups are expected."""
    return [lambda: _watch(database)] if config.expects_backups else []


def newest_dump(database: Database) -> float:
    """The Unix time of the newest good dump of the database, as it was noted; 0 before the first."""
    return float((database.row(READ) or {})["seconds"] or 0)


def _watch(database: Database) -> None:
    from store.metrics.backups import NEWEST_DUMP, POLL_INTERVAL_SECONDS

    def look() -> bool:
        NEWEST_DUMP.set(newest_dump(database))
        return False

    repeat("backups", look, POLL_INTERVAL_SECONDS)
