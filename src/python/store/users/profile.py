"""A person's own account."""

from store.auth.callers import Caller
from store.users.errors import LastAdmin
from store.users.models.addresses import Address
from store.users.models.audit import AuditEntry
from store.users.models.mails import Mail
from store.users.models.one_time import OneTimeToken
from store.users.models.people import User
from store.users.models.sessions import Session
from store.users.models.tables import database
from store.users.throttling import Door


def profile_of(caller: Caller) -> User:
    """The caller's account."""
    with database.reading():
        return User.active(caller.id)


def rename(caller: Caller, version: int, name: str) -> User:
    """Change the caller's name."""
    with database.transaction():
        user = User.active(caller.id, lock=True)
        user.expect(version)
        user.change(name=name)
    return user


def delete_account(caller: Caller, version: int, door: Door) -> None:
    """Make the caller anonymous and end all sessions; LastAdmin if nobody could make the next.

    What is left is the id, to which orders and the audit point (GDPR, article 17(3)(b), (e)).
    """
    with database.transaction():
        # Admins first, in everybody's order of locking.
        admins = User.admins_locked()
        user = User.active(caller.id, lock=True)
        user.expect(version)
        if admins == {user.id}:
            raise LastAdmin
        _forget(user, door)
        AuditEntry.record("deleted", user.id, user.id)


def _forget(user: User, door: Door) -> None:
    email = str(user.email)
    Session.end_all(user.id, "deleted")
    OneTimeToken.forget(user.id, "verify_email", "reset_password")
    Address.forget_all(user.id)
    user.anonymise()
    Mail.forget_to(email)
    door.forgive(user.id, email)
