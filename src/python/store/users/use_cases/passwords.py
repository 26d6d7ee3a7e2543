"""Change and reset passwords."""

from uuid import UUID

from store.auth.callers import Caller
from store.database.cipher import token_hash
from store.server.clock import now
from store.users.credentials.common_passwords import refuse_guessable
from store.users.credentials.login_throttle import ClientNetwork, LoginThrottle
from store.users.credentials.password_hashes import hash_password, is_password
from store.users.errors import BadOneTimeToken, WrongPassword
from store.users.models.audit import AuditEntry
from store.users.models.mails import Mail
from store.users.models.one_time import OneTimeToken
from store.users.models.people import Credential, User
from store.users.models.sessions import Session
from store.users.models.tables import database


def change_password(caller: Caller, current: str, new: str, throttle: LoginThrottle) -> None:
    """Replace the password and end all other sessions; WrongPassword if `current` is not it.

    Guesses are throttled: a stolen access token does not open a second way to try.
    """
    with database.reading():
        user = User.active(caller.id)
        password_hash = Credential.hash_of(caller.id)
        refuse_guessable("new_password", new, str(user.email), user.name)
        throttle.admit_password_change(caller.id)
    if not is_password(current, password_hash):
        raise WrongPassword
    new_hash = hash_password(new)
    with database.transaction():
        User.active_for_update(caller.id)
        if Credential.hash_of(caller.id) != password_hash:
            raise WrongPassword
        _replace(user, new_hash, throttle, keep=caller.session_id)


def request_reset(email: str, network: ClientNetwork, throttle: LoginThrottle) -> None:
    """Have a token mailed to the e-mail's owner, if it has one.

    Whether it has is looked up when the mail is sent: here, known and unknown are the same work.
    """
    with database.transaction():
        throttle.admit_mail_request(network)
        if throttle.may_mail(email, "reset"):
            Mail.owe("reset_password", email)


def reset_password(token: str, new: str, throttle: LoginThrottle) -> None:
    """Replace a forgotten password and end all sessions; BadOneTimeToken if the token is not good.

    Whoever holds the token reads the e-mail, which is thereby verified.
    """
    digest = token_hash(token)
    with database.reading():
        owner = OneTimeToken.owner(digest, "reset_password")
        if owner is None:
            raise BadOneTimeToken
        known = User.active(owner)
    refuse_guessable("password", new, str(known.email), known.name)
    new_hash = hash_password(new)
    with database.transaction():
        user = User.active_for_update(owner)
        if OneTimeToken.spend(digest, "reset_password") is None:
            raise BadOneTimeToken
        _replace(user, new_hash, throttle, keep=None)
        if not user.email_verified:
            user.change(email_verified_at=now())


def _replace(user: User, password_hash: str, throttle: LoginThrottle, keep: UUID | None) -> None:
    Credential.replace_hash(user.id, password_hash)
    Session.end_all(user.id, "password_changed", but=keep)
    OneTimeToken.forget(user.id, "reset_password")
    Mail.owe("password_changed", str(user.email))
    AuditEntry.record("password_changed", user.id, user.id, by_mail=keep is None)
    throttle.forget_failures(user.id, str(user.email))
