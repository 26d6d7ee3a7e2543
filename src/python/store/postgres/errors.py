"""What a command cannot do, in one line that an operator can act on.

Failed
├── CannotServe     (PostgreSQL does not start)
├── CannotReach     (no answer from the database of DATABASE_URL)
├── CannotBackUp    (nothing new is kept, and nothing old is lost)
└── CannotRestore   (the database is as it was)
"""

from store.server.process.commands import CommandFailed


class Failed(CommandFailed):
    """The command could not do what was asked; the message is one line that says why."""


class CannotServe(Failed):
    """PostgreSQL cannot be started on this volume, or with these settings."""


class CannotReach(Failed):
    """The database of DATABASE_URL does not let us in, or does not answer."""


class CannotBackUp(Failed):
    """There is no new dump; those that were there before are untouched."""


class CannotRestore(Failed):
    """The database is exactly as it was before."""
