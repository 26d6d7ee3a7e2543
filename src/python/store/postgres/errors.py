"""What a command cannot do, in one line that an operator can act on.

CommandFailed
├── CannotServe     (PostgreSQL does not start)
├── CannotReach     (no answer from the database of DATABASE_URL)
├── CannotBackUp    (nothing new is kept, and nothing old is lost)
└── CannotRestore   (the database is as it was)
"""

from store.server.process.commands import CommandFailed


class CannotServe(CommandFailed):
    """PostgreSQL cannot be started on this volume, or with these settings."""


class CannotReach(CommandFailed):
    """The database of DATABASE_URL does not let us in, or does not answer."""


class CannotBackUp(CommandFailed):
    """There is no new dump; those that were there before are untouched."""


class CannotRestore(CommandFailed):
    """The database is exactly as it was before."""
