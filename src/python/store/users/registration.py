"""Become a customer, and prove that the e-mail is one's own."""

from store.database.cipher import token_hash
from store.server.clock import now
from store.users.errors import BadOneTimeToken
from store.users.hashing import hash_password
from store.users.metrics import REGISTRATIONS
from store.users.models.audit import AuditEntry
from store.users.models.mails import Mail
from store.users.models.one_time import OneTimeToken
from store.users.models.people import Credential, User
from store.users.models.tables import database
from store.users.passwords import refuse_guessable
from store.users.throttling import Door, Place


def register(email: str, password: str, name: str, place: Place, door: Door) -> None:
    """Add a customer who has yet to verify the e-mail.

    If the e-mail is taken nothing changes, and its owner is told by mail. The caller cannot see the
    difference: both ways run one hash and the same statements.
    """
    refuse_guessable("password", password, email, name)
    with database.reading():
        door.admit_registration(place)
    password_hash = hash_password(password)
    with database.transaction():
        user_id, is_new = User.add_or_find(email, name)
        Credential.add(user_id, password_hash)
        if door.may_mail(email, "registration"):
            Mail.owe("verify_email" if is_new else "already_registered", email)
        action = "registered" if is_new else "registered_again"
        AuditEntry.record(action, user_id, user_id if is_new else None)
    REGISTRATIONS.labels("new" if is_new else "known").inc()


def request_verification(email: str, place: Place, door: Door) -> None:
    """Have another token mailed, if the e-mail is one that waits to be verified.

    Whether it is, is looked up when the mail is sent: here, known and unknown are the same work.
    """
    with database.transaction():
        door.admit_mail_request(place)
        if door.may_mail(email, "registration"):
            Mail.owe("verify_email", email)


def verify_email(token: str) -> None:
    """Note that the token's owner reads the e-mail; BadOneTimeToken if it is not good."""
    with database.transaction():
        owner = OneTimeToken.spend(token_hash(token), "verify_email")
        if owner is None:
            raise BadOneTimeToken
        user = User.active(owner, lock=True)
        user.change(email_verified_at=now())
        AuditEntry.record("email_verified", owner, owner)
