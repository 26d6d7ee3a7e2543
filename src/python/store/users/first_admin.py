"""How the first admin comes about: by whoever may run a command beside the database."""

from collections.abc import Callable

from store.auth.callers import Role
from store.server.clock import now
from store.users.hashing import hash_password
from store.users.models.audit import AuditEntry
from store.users.models.people import Credential, User
from store.users.models.tables import database
from store.users.passwords import refuse_guessable
from store.users.schemas import RegisterIn


def make_admin(email: str, ask_password: Callable[[], str]) -> str:
    """Make the e-mail's owner an admin; say what has been done.

    The password is asked for only if nobody has the e-mail. ValidationError or Invalid if the
    e-mail or the password will not do.
    """
    with database.reading():
        known = User.with_email(email)
    if known is None:
        return _add(email, ask_password())
    with database.transaction():
        user = User.locked(known.id)
        user.refuse_if_deleted()
        if user.role == Role.ADMIN.value:
            return "is one already"
        AuditEntry.record("role_changed", user.id, None, before=user.role, after=Role.ADMIN.value)
        user.change(role=Role.ADMIN.value)
    return "promoted" if user.email_verified else "promoted, though the e-mail is not verified"


def _add(email: str, password: str) -> str:
    wanted = RegisterIn().load({"email": email, "password": password, "name": "Admin"})
    refuse_guessable("password", wanted["password"], wanted["email"])
    password_hash = hash_password(wanted["password"])
    with database.transaction():
        user_id, _is_new = User.add_or_find(wanted["email"], wanted["name"], Role.ADMIN)
        Credential.add(user_id, password_hash)
        # Whoever runs this command vouches for the e-mail.
        User.locked(user_id).change(email_verified_at=now())
        AuditEntry.record("made_admin", user_id, None)
    return "made"
