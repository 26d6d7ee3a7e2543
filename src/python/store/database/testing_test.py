from pathlib import Path

import psycopg2
import pytest

from store.database.database import Database
from store.database.testing import FleetingServer


def test_each_copy_is_fresh_and_gone_afterwards(postgres: FleetingServer, migrations: Path) -> None:
    template = postgres.template("things", migrations)
    assert postgres.template("things", migrations) == template
    database = Database(migrations)
    for _ in range(2):
        with postgres.fresh(template) as config:
            database.open(config)
            database.check()
            assert database.rows("SELECT * FROM things") == []
            database.run("INSERT INTO things (id, name) VALUES (gen_random_uuid(), 'mug')")
    with pytest.raises(psycopg2.OperationalError, match="does not exist"):
        psycopg2.connect(config.url)
    database.shut()
