"""The note that a database keeps of its newest good dump: `postgres backup` writes it, the service reads it.

It is a line in the comment of the database itself (COMMENT ON DATABASE), which its owner may write and
everybody who is connected may read; `\\l+` of psql shows it. It is in no dump and outlives a restore, and
so never shows the past.
"""

_LINE = "newest dump: "
_MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+]00:00"
_COMMENT = "shobj_description(oid, 'pg_database')"

WRITE = rf"""
SELECT format('COMMENT ON DATABASE %I IS %L', datname, concat_ws(E'\n',
    nullif(regexp_replace({_COMMENT}, E'(^|\n){_LINE}[^\n]*', ''), ''), '{_LINE}' || :'moment'))
FROM pg_database WHERE datname = current_database() \gexec
"""
"""For psql, with the variable `moment`, in UTC as ISO 8601 writes it. What else is in the comment stays."""

READ = rf"""
SELECT extract(epoch FROM substring({_COMMENT} FROM '{_LINE}({_MOMENT})')::timestamptz)::float8
    AS seconds
FROM pg_database WHERE datname = current_database()
"""
"""The Unix time of the newest dump; NULL before the first."""
