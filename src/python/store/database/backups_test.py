import math
import threading
from dataclasses import replace

from prometheus_client import REGISTRY

from store.database.backups import backup_watch, newest_dump
from store.database.config import DatabaseConfig
from store.database.database import Database
from store.server.grpc.testing import wait_until
from store.server.process import lifecycle

METRIC = "database_newest_dump_timestamp_seconds"


def noted(database: Database, moment: str) -> None:
    """As a backup does it (postgres/backup_test.py)."""
    name = (database.row("SELECT current_database() AS name") or {})["name"]
    database.run(f"COMMENT ON DATABASE \"{name}\" IS 'newest dump: {moment}'")


def test_the_newest_dump_is_0_before_the_first_and_then_its_moment(database: Database) -> None:
    assert newest_dump(database) == 0
    noted(database, "1970-01-02T00:00:01+00:00")
    assert newest_dump(database) == 86401


def test_where_no_backups_are_expected_nobody_looks(
    database: Database, config: DatabaseConfig
) -> None:
    assert backup_watch(database, config) == []


def test_where_they_are_the_metrics_tell_of_the_newest(
    database: Database, config: DatabaseConfig
) -> None:
    noted(database, "1970-01-01T00:01:00+00:00")
    [loop] = backup_watch(database, replace(config, expects_backups=True))
    watching = threading.Thread(target=loop)
    watching.start()
    try:
        wait_until(lambda: not math.isnan(REGISTRY.get_sample_value(METRIC) or math.nan))
        assert REGISTRY.get_sample_value(METRIC) == 60
    finally:
        lifecycle.stopping.set()
        watching.join()
        lifecycle.stopping.clear()
