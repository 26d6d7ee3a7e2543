"""Choose, change and reset passwords."""

from uuid import UUID

from store.auth.callers import Caller
from store.database.cipher import token_hash
from store.server.clock import now
from store.server.errors import Invalid
from store.users.common_passwords import COMMON_PASSWORDS
from store.users.errors import BadOneTimeToken, WrongPassword
from store.users.hashing import hash_password, is_password
from store.users.models.audit import AuditEntry
from store.users.models.mails import Mail
from store.users.models.one_time import OneTimeToken
from store.users.models.people import Credential, User
from store.users.models.sessions import Session
from store.users.models.tables import database
from store.users.throttling import Door, Place

_OURS = frozenset({"virtual-store", "virtualstore", "virtual store"})


def refuse_guessable(field: str, password: str, *about_the_person: str) -> None:
    """Raise Invalid for a password that is common, or that the person's own data gives away."""
    plain = password.casefold()
    if plain in COMMON_PASSWORDS or plain in _OURS or len(set(plain)) < 3:
        raise Invalid(field, "This password is one of the first that guessers try.")
    for text in about_the_person:
        if plain in {text.casefold(), text.casefold().partition("@")[0]}:
            raise Invalid(field, "Must not be your name or e-mail.")


def change_password(caller: Caller, current: str, wanted: str, door: Door) -> None:
    """Replace the password and end all other sessions; WrongPassword if `current` is not it.

    Guesses are throttled: a stolen access token does not open a second way to try.
    """
    with database.reading():
        user = User.active(caller.id)
        password_hash = Credential.hash_of(caller.id)
        refuse_guessable("new_password", wanted, str(user.email), user.name)
        door.admit_password_change(caller.id)
    if not is_password(current, password_hash):
        raise WrongPassword
    fresh_hash = hash_password(wanted)
    with database.transaction():
        User.active(caller.id, lock=True)
        if Credential.hash_of(caller.id) != password_hash:
            raise WrongPassword
        _replace(user, fresh_hash, door, keep=caller.session_id)


def request_reset(email: str, place: Place, door: Door) -> None:
    """Have a token mailed to the e-mail's owner, if it has one.

    Whether it has is looked up when the mail is sent: here, known and unknown are the same work.
    """
    with database.transaction():
        door.admit_mail_request(place)
        if door.may_mail(email, "reset"):
            Mail.owe("reset_password", email)


def reset_password(token: str, wanted: str, door: Door) -> None:
    """Replace a forgotten password and end all sessions; BadOneTimeToken if the token is not good.

    Whoever holds the token reads the e-mail, which is thereby verified.
    """
    digest = token_hash(token)
    with database.reading():
        owner = OneTimeToken.owner(digest, "reset_password")
        if owner is None:
            raise BadOneTimeToken
        known = User.active(owner)
    refuse_guessable("password", wanted, str(known.email), known.name)
    fresh_hash = hash_password(wanted)
    with database.transaction():
        user = User.active(owner, lock=True)
        if OneTimeToken.spend(digest, "reset_password") is None:
            raise BadOneTimeToken
        _replace(user, fresh_hash, door, keep=None)
        if not user.email_verified:
            user.change(email_verified_at=now())


def _replace(user: User, password_hash: str, door: Door, keep: UUID | None) -> None:
    Credential.replace_hash(user.id, password_hash)
    Session.end_all(user.id, "password_changed", but=keep)
    OneTimeToken.forget(user.id, "reset_password")
    Mail.owe("password_changed", str(user.email))
    AuditEntry.record("password_changed", user.id, user.id, by_mail=keep is None)
    door.forgive(user.id, str(user.email))
