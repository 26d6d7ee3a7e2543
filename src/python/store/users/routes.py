"""What everybody may ask of this service."""

from typing import Any
from uuid import UUID

from flask import Response, current_app, jsonify, request
from werkzeug.http import dump_cookie

from store.auth.http import current_caller, login_required
from store.server.http.blueprint import Blueprint
from store.server.http.etags import tagged, wanted_version
from store.server.http.pages import Page, page_request
from store.server.http.schemas import PageArgs, page_schema
from store.users import address_book, passwords, profile, registration, schemas, sessions
from store.users.access_tokens import Tokens
from store.users.models.addresses import Address
from store.users.models.people import User
from store.users.signing_keys import JWKS_SECONDS
from store.users.throttling import Origin, Place
from store.users.wiring import Wiring

MAIL_MAY_COME = {"detail": "If there is anything to tell this e-mail, a mail is on its way to it."}

EXTENSION = "store.users"
DEVICE_COOKIE = "device"
DEVICE_SECONDS = 180 * 24 * 3600
Tagged = tuple[Any, dict[str, str]]

users = Blueprint("users", __name__, url_prefix="/v1", description="People and their sessions.")
keys = Blueprint("keys", __name__, url_prefix="/.well-known", description="Keys of access tokens.")


def wired() -> Wiring:
    """The parts that this application was made with."""
    wiring: Wiring = current_app.extensions[EXTENSION]
    return wiring


def here() -> Place:
    """Where this request comes from."""
    return Place.of(request.remote_addr)


@keys.get("/jwks.json")
@keys.response(200, schemas.JwkSetOut)
def jwks() -> Response:
    """The keys with which access tokens are verified; cache them as long as the answer says."""
    answer = jsonify(wired().keyring.public())
    answer.cache_control.public = True
    answer.cache_control.max_age = JWKS_SECONDS
    return answer


@users.post("/users")
@users.arguments(schemas.RegisterIn)
@users.response(202, schemas.AcceptedOut)
def register(wanted: dict[str, str]) -> dict[str, str]:
    """Become a customer. The answer is the same if the e-mail is taken; its owner gets a mail."""
    registration.register(**wanted, place=here(), door=wired().door)
    return MAIL_MAY_COME


@users.post("/email-verifications")
@users.arguments(schemas.EmailIn)
@users.response(202, schemas.AcceptedOut)
def resend_verification(wanted: dict[str, str]) -> dict[str, str]:
    """Have the mail that verifies an e-mail sent again."""
    registration.request_verification(wanted["email"], here(), wired().door)
    return MAIL_MAY_COME


@users.post("/email-verifications/confirm")
@users.arguments(schemas.TokenIn)
@users.response(204)
def verify_email(sent: dict[str, str]) -> None:
    """Verify the e-mail with the token that was mailed."""
    registration.verify_email(sent["token"])


@users.post("/password-resets")
@users.arguments(schemas.EmailIn)
@users.response(202, schemas.AcceptedOut)
def request_reset(wanted: dict[str, str]) -> dict[str, str]:
    """Have a token mailed with which a new password can be chosen."""
    passwords.request_reset(wanted["email"], here(), wired().door)
    return MAIL_MAY_COME


@users.post("/password-resets/confirm")
@users.arguments(schemas.ResetIn)
@users.response(204)
def reset_password(wanted: dict[str, str]) -> None:
    """Choose a new password with the token that was mailed; all sessions end."""
    passwords.reset_password(wanted["token"], wanted["password"], wired().door)


@users.post("/sessions")
@users.arguments(schemas.LogInIn)
@users.response(201, schemas.TokensOut)
def log_in(claim: dict[str, str]) -> tuple[Tokens, dict[str, str]]:
    """Log in. The cookie opens nothing; it tells this device from strangers, who may try less."""
    origin = Origin(here(), request.cookies.get(DEVICE_COOKIE, ""))
    parts = wired()
    tokens, device = sessions.log_in(**claim, origin=origin, door=parts.door, issuer=parts.issuer)
    return tokens, {"Cache-Control": "no-store", "Set-Cookie": _device_cookie(device)}


def _device_cookie(device: str) -> str:
    return dump_cookie(
        DEVICE_COOKIE,
        device,
        max_age=DEVICE_SECONDS,
        path="/v1/sessions",
        secure=True,
        httponly=True,
        samesite="Strict",
    )


@users.post("/sessions/refresh")
@users.arguments(schemas.RefreshIn)
@users.response(201, schemas.TokensOut)
def refresh(sent: dict[str, str]) -> tuple[Tokens, dict[str, str]]:
    """Trade a refresh token for new tokens. It works once; keep the new one."""
    tokens = sessions.refresh(sent["refresh_token"], wired().issuer)
    return tokens, {"Cache-Control": "no-store"}


@users.delete("/sessions/current")
@login_required
@users.response(204)
def log_out() -> None:
    """End this session."""
    sessions.log_out(current_caller())


@users.delete("/sessions")
@login_required
@users.response(204)
def log_out_everywhere() -> None:
    """End all of your sessions."""
    sessions.log_out_everywhere(current_caller())


@users.get("/users/me")
@login_required
@users.response(200, schemas.ProfileOut)
def me() -> Tagged:
    """Who you are."""
    user = profile.profile_of(current_caller())
    return tagged(user, user.version)


@users.patch("/users/me")
@login_required
@users.arguments(schemas.ProfileIn)
@users.response(200, schemas.ProfileOut)
def rename(wanted: dict[str, str]) -> Tagged:
    """Change your name. Needs If-Match."""
    user: User = profile.rename(current_caller(), wanted_version(), wanted["name"])
    return tagged(user, user.version)


@users.delete("/users/me")
@login_required
@users.response(204)
def leave() -> None:
    """Delete your account: you become anonymous, and cannot come back. Needs If-Match."""
    profile.delete_account(current_caller(), wanted_version(), wired().door)


@users.post("/users/me/password")
@login_required
@users.arguments(schemas.ChangePasswordIn)
@users.response(204)
def change_password(wanted: dict[str, str]) -> None:
    """Change your password; your other sessions end."""
    current, new = wanted["current_password"], wanted["new_password"]
    passwords.change_password(current_caller(), current, new, wired().door)


@users.get("/users/me/addresses")
@login_required
@users.arguments(PageArgs, location="query")
@users.response(200, page_schema(schemas.AddressOut))
def addresses(args: dict[str, Any]) -> Page[Address]:
    """Your addresses, oldest first."""
    page = page_request(address_book.ADDRESSES_LIST, args, UUID)
    return address_book.addresses_of(current_caller(), page)


@users.post("/users/me/addresses")
@login_required
@users.arguments(schemas.AddressIn)
@users.response(201, schemas.AddressOut)
def add_address(wanted: dict[str, Any]) -> Tagged:
    """Write down another address."""
    address = address_book.add_address(current_caller(), wanted)
    body, headers = tagged(address, address.version)
    return body, {**headers, "Location": f"/v1/users/me/addresses/{address.id}"}


@users.get("/users/me/addresses/<uuid:address_id>")
@login_required
@users.response(200, schemas.AddressOut)
def address(address_id: UUID) -> Tagged:
    """One of your addresses."""
    found = address_book.address_of(current_caller(), address_id)
    return tagged(found, found.version)


@users.patch("/users/me/addresses/<uuid:address_id>")
@login_required
@users.arguments(schemas.AddressChangeIn)
@users.response(200, schemas.AddressOut)
def change_address(wanted: dict[str, Any], address_id: UUID) -> Tagged:
    """Correct an address. Needs If-Match."""
    caller, version = current_caller(), wanted_version()
    changed = address_book.change_address(caller, address_id, version, wanted)
    return tagged(changed, changed.version)


@users.delete("/users/me/addresses/<uuid:address_id>")
@login_required
@users.response(204)
def remove_address(address_id: UUID) -> None:
    """Strike an address out. Needs If-Match."""
    address_book.remove_address(current_caller(), address_id, wanted_version())
