"""What the routes need to do their work, and what several of them use."""

from dataclasses import dataclass
from typing import Any, cast

from flask import current_app, request

from store.database.cipher import Cipher
from store.server.http.blueprint import Blueprint
from store.users.credentials.access_tokens import Issuer
from store.users.credentials.login_throttle import ClientNetwork, LoginThrottle
from store.users.credentials.signing_keys import Keyring

EXTENSION = "store.users"
MAIL_MAY_COME = {"detail": "If there is anything to tell this e-mail, a mail is on its way to it."}
Tagged = tuple[Any, dict[str, str]]

# One for all that people ask: its name is the tag of their routes in the OpenAPI document.
users = Blueprint("users", __name__, url_prefix="/v1", description="People and their sessions.")


@dataclass(frozen=True)
class UsersDependencies:
    """What is made of the settings, once for the application."""

    cipher: Cipher
    keyring: Keyring
    issuer: Issuer
    throttle: LoginThrottle


def dependencies() -> UsersDependencies:
    """What this application was made with."""
    return cast(UsersDependencies, current_app.extensions[EXTENSION])


def client_network() -> ClientNetwork:
    return ClientNetwork.of(request.remote_addr)
