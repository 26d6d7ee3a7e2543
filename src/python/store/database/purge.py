"""Delete what is of no use any more, in batches that wait for nobody."""


def purge_sql(table: str, key: str, where: str) -> str:
    """A statement that deletes up to `%s` rows, but none that somebody holds: any number may run it.

    `key` is the primary key, with all its columns. The parameters are those of `where`, then the limit.
    """
    found = f"SELECT {key} FROM {table} WHERE {where} LIMIT %s FOR UPDATE SKIP LOCKED"
    return f"DELETE FROM {table} WHERE ({key}) IN ({found})"
