"""Corrections of what a shelf has reserved, and why: each is kept, and its trigger makes it.

The function is in models/sql; this is one that only stands until it is applied, right after.
"""

from typing import Any

# No foreign key: making one would lock stock against its buyers, and the trigger looks at the shelf anyway.
TABLE = """
CREATE TABLE stock_corrections (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku text NOT NULL,
    warehouse text NOT NULL,
    reserved_before bigint NOT NULL,
    reserved_after bigint NOT NULL,
    reason text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON stock_corrections
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('a correction stays: make another one');
"""

CORRECTION = """
CREATE FUNCTION correct_reserved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE feature_not_supported USING MESSAGE = 'models/sql/correct_reserved.sql is not applied yet';
END $$;

CREATE TRIGGER correct_reserved BEFORE INSERT ON stock_corrections
    FOR EACH ROW EXECUTE FUNCTION correct_reserved();
"""


def up(migrator: Any, db: Any) -> None:
    db.execute_sql(TABLE)
    db.execute_sql(CORRECTION)
