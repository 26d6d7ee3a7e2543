"""A person's own account."""

from store.auth.callers import Caller
from store.users.credentials.login_throttle import LoginThrottle
from store.users.errors import LastAdmin
from store.users.models.addresses import Address
from store.users.models.audit import AuditEntry
from store.users.models.mails import Mail
from store.users.models.one_time import OneTimeToken
from store.users.models.people import User
from store.users.models.sessions import Session
from store.users.models.tables import database


def profile_of(caller: Caller) -> User:
    with database.reading():
        return User.active(caller.id)


def rename(caller: Caller, version: int, name: str) -> User:
    """Change the caller's name; StaleVersion."""
    with database.transaction():
        user = User.active_for_update(caller.id)
        user.expect(version)
        user.change(name=name)
    return user


def delete_account(caller: Caller, version: int, throttle: LoginThrottle) -> None:
    """Make the caller anonymous and end all sessions; LastAdmin if nobody could make the next.

    What is left is the id, to which orders and the audit point (GDPR, article 17(3)(b), (e)).
    """
    with database.transaction():
        # Admins first, in everybody's order of locking.
        admins = User.admins_for_update()
        user = User.active_for_update(caller.id)
        user.expect(version)
        if admins == {user.id}:
            raise LastAdmin
        email = str(user.email)
        Session.end_all(user.id, "deleted")
        OneTimeToken.forget(user.id, "verify_email", "reset_password")
        Address.forget_all(user.id)
        user.anonymise()
        Mail.forget_to(email)
        throttle.forget_failures(user.id, email)
        AuditEntry.record("deleted", user.id, user.id)
