"""How the first admin comes about: by whoever may run a command beside the database."""

from collections.abc import Callable

from store.auth.callers import Role
from store.server.clock import now
from store.users.credentials.common_passwords import refuse_guessable
from store.users.credentials.password_hashes import hash_password
from store.users.models.audit import AuditEntry
from store.users.models.people import Credential, User
from store.users.models.tables import database
from store.users.use_cases.registration import Registration


def make_admin(email: str, ask: Callable[[], Registration]) -> str:
    """Make the e-mail's owner an admin; say what has been done.

    Somebody new is asked for only if nobody has the e-mail. Invalid if the password is guessable.
    """
    with database.reading():
        known = User.with_email(email)
    if known is None:
        return _add(ask())
    with database.transaction():
        user = User.by_id_for_update(known.id)
        user.refuse_if_deleted()
        if user.role == Role.ADMIN.value:
            return "is one already"
        AuditEntry.record("role_changed", user.id, None, before=user.role, after=Role.ADMIN.value)
        user.change(role=Role.ADMIN.value)
    return "promoted" if user.email_verified else "promoted, though the e-mail is not verified"


def _add(admin: Registration) -> str:
    refuse_guessable("password", admin.password, admin.email)
    password_hash = hash_password(admin.password)
    with database.transaction():
        user_id, _is_new = User.add_or_find(admin.email, admin.name, Role.ADMIN)
        Credential.add(user_id, password_hash)
        # Whoever runs this command vouches for the e-mail.
        User.by_id_for_update(user_id).change(email_verified_at=now())
        AuditEntry.record("made_admin", user_id, None)
    return "made"
