"""What admins may ask of this service."""

from typing import Any
from uuid import UUID

from store.auth.callers import Role
from store.auth.http import current_caller, role_required
from store.server.http.blueprint import Blueprint
from store.server.http.etags import tagged, wanted_version
from store.server.http.pages import Page, page_request
from store.server.http.schemas import page_schema
from store.users import accounts, schemas, signing_keys
from store.users.models.keys import SigningKey
from store.users.models.people import User
from store.users.routes import wired

Tagged = tuple[Any, dict[str, str]]

admin = Blueprint("admin", __name__, url_prefix="/v1", description="For admins.")


@admin.get("/users")
@role_required(Role.ADMIN)
@admin.arguments(schemas.UsersArgs, location="query")
@admin.response(200, page_schema(schemas.UserOut))
def list_users(args: dict[str, Any]) -> Page[User]:
    """People, newest first."""
    page = page_request(accounts.USERS_LIST, args, UUID)
    wanted = {name: args[name] for name in ("email", "role", "state")}
    return accounts.list_users(current_caller(), page, **wanted)


@admin.get("/users/<uuid:user_id>")
@role_required(Role.ADMIN)
@admin.response(200, schemas.UserOut)
def user(user_id: UUID) -> Tagged:
    """One person."""
    found = accounts.user_of(current_caller(), user_id)
    return tagged(found, found.version)


@admin.patch("/users/<uuid:user_id>")
@role_required(Role.ADMIN)
@admin.arguments(schemas.UserIn)
@admin.response(200, schemas.UserOut)
def change_user(wanted: dict[str, Any], user_id: UUID) -> Tagged:
    """Give somebody a role, shut them out, let them in again. Needs If-Match."""
    changed = accounts.change_user(current_caller(), user_id, wanted_version(), **wanted)
    return tagged(changed, changed.version)


@admin.post("/signing-keys")
@role_required(Role.ADMIN)
@admin.response(201, schemas.SigningKeyOut)
def rotate_signing_key() -> SigningKey:
    """Have another key sign access tokens soon; it is published at once, and the old one stays
    published until its last token has run out."""
    return signing_keys.rotate_by_hand(wired().cipher, current_caller())
