"""Which roles may log in, and with which password: set anew at every start.

So a password is rotated by changing it in the environment and starting PostgreSQL again.
"""

from pathlib import Path

from store.postgres.config import AUDITOR, SUPERUSER, PostgresConfig
from store.postgres.errors import CannotServe
from store.postgres.programs import ProgramFailed, Programs

ONLY_US = f"local all {SUPERUSER} trust\n"
"""For a server whose socket lies where nobody else can enter."""

RULES = f"""\
# Written anew at every start. The superuser comes from this machine only: by the socket, or through
# a forwarded port.
local all all                      scram-sha-256
host  all {SUPERUSER} 127.0.0.1/32 scram-sha-256
host  all {SUPERUSER} ::1/128      scram-sha-256
host  all {SUPERUSER} all          reject
host  all all         all          scram-sha-256
"""

# psql reads the passwords from its environment itself, so no command line and no log has them.
SCRIPT = r"""
\set VERBOSITY terse
\getenv owner_password OWNER_PASSWORD
\getenv admin_password ADMIN_PASSWORD
\getenv audit_password AUDIT_PASSWORD

SELECT coalesce(string_agg(datname, ', '), '') AS there,
       coalesce(bool_or(datname = :'database'), false) AS known
FROM pg_database WHERE NOT datistemplate AND datname <> :'superuser' \gset
SELECT format('DO $do$ BEGIN RAISE USING MESSAGE = %L; END $do$',
              format('this volume holds the database %s, not %s', :'there', :'database'))
WHERE :'there' <> '' AND NOT :'known' \gexec

SELECT format('CREATE ROLE %I', name) FROM unnest(ARRAY[:'database', :'auditor']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE :"superuser" PASSWORD :'admin_password';
ALTER ROLE :"database" PASSWORD :'owner_password'
    LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE :"auditor" PASSWORD :'audit_password'
    LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE :"auditor" SET default_transaction_read_only = on;
GRANT pg_read_all_data TO :"auditor";

SELECT format('CREATE DATABASE %I OWNER %1$I', :'database') WHERE NOT :'known' \gexec
ALTER DATABASE :"database" OWNER TO :"database";
REVOKE ALL ON DATABASE :"database", :"superuser", template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"auditor";
"""


def set_up_roles(socket: Path, config: PostgresConfig, programs: Programs) -> None:
    """Let exactly these roles log in, with the passwords of the environment.

    The owner's database is made if it is missing. CannotServe if the volume is another database's.
    """
    names = {"database": config.database, "superuser": SUPERUSER, "auditor": AUDITOR}
    variables = [f"--set={name}={value}" for name, value in names.items()]
    passwords = {
        "OWNER_PASSWORD": config.owner_password,
        "ADMIN_PASSWORD": config.admin_password,
        "AUDIT_PASSWORD": config.audit_password,
    }
    try:
        programs.run(
            *("psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", *variables),
            *("--host", socket, "--username", SUPERUSER, "--dbname", SUPERUSER),
            stdin=SCRIPT,
            environ=passwords,
        )
    except ProgramFailed as failure:
        raise CannotServe(f"The roles cannot be brought in line: {failure}") from failure
