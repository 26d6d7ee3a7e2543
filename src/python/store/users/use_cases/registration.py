"""Become a customer, and prove that the e-mail is one's own."""

from dataclasses import dataclass, field

from store.database.cipher import token_hash
from store.server.clock import now
from store.users.credentials.common_passwords import refuse_guessable
from store.users.credentials.login_throttle import ClientNetwork, LoginThrottle
from store.users.credentials.password_hashes import hash_password
from store.users.errors import BadOneTimeToken
from store.users.metrics import REGISTRATIONS
from store.users.models.audit import AuditEntry
from store.users.models.mails import Mail
from store.users.models.one_time import OneTimeToken
from store.users.models.people import Credential, User
from store.users.models.tables import database


@dataclass(frozen=True)
class Registration:
    """Somebody who wants an account."""

    email: str
    password: str = field(repr=False)
    name: str


def register(wanted: Registration, network: ClientNetwork, throttle: LoginThrottle) -> None:
    """Add a customer who has yet to verify the e-mail.

    If the e-mail is taken nothing changes, and its owner gets a mail that says so. The caller cannot
    see the difference: both ways run one hash and the same statements.
    """
    refuse_guessable("password", wanted.password, wanted.email, wanted.name)
    with database.reading():
        throttle.admit_registration(network)
    password_hash = hash_password(wanted.password)
    with database.transaction():
        user_id, is_new = User.add_or_find(wanted.email, wanted.name)
        Credential.add(user_id, password_hash)
        if throttle.may_mail(wanted.email, "registration"):
            Mail.owe("verify_email" if is_new else "already_registered", wanted.email)
        action = "registered" if is_new else "registered_again"
        AuditEntry.record(action, user_id, user_id if is_new else None)
    REGISTRATIONS.labels("new" if is_new else "known").inc()


def request_verification(email: str, network: ClientNetwork, throttle: LoginThrottle) -> None:
    """Have another token mailed, if the e-mail is one that waits to be verified.

    Whether it is, is looked up when the mail is sent: here, known and unknown are the same work.
    """
    with database.transaction():
        throttle.admit_mail_request(network)
        if throttle.may_mail(email, "registration"):
            Mail.owe("verify_email", email)


def verify_email(token: str) -> None:
    """Note that the token's owner reads the e-mail; BadOneTimeToken if it is not good."""
    with database.transaction():
        owner = OneTimeToken.spend(token_hash(token), "verify_email")
        if owner is None:
            raise BadOneTimeToken
        user = User.active_for_update(owner)
        user.change(email_verified_at=now())
        AuditEntry.record("email_verified", owner, owner)
