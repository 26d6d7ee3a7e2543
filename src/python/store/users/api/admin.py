"""What admins do over HTTP."""

from typing import Any
from uuid import UUID

from store.auth.callers import Role
from store.auth.http import current_caller, role_required
from store.server.http.blueprint import Blueprint
from store.server.http.etags import tagged, wanted_version
from store.server.http.pages import Page, page_request
from store.server.http.schemas import page_schema
from store.users.api.account_schemas import UserIn, UserOut, UsersArgs
from store.users.api.dependencies import Tagged, dependencies
from store.users.api.session_schemas import SigningKeyOut
from store.users.models.people import User, UserFilter
from store.users.models.signing_keys import SigningKey
from store.users.use_cases import accounts
from store.users.use_cases.accounts import AccountChange
from store.users.use_cases.signing_keys import rotate_signing_key as rotate

admin = Blueprint("admin", __name__, url_prefix="/v1", description="For admins.")


@admin.get("/users")
@role_required(Role.ADMIN)
@admin.arguments(UsersArgs, location="query")
@admin.response(200, page_schema(UserOut))
def list_users(args: dict[str, Any]) -> Page[User]:
    """People, newest first."""
    page = page_request(accounts.USERS_LIST, args, UUID)
    wanted = UserFilter(args["email"], args["role"], args["state"])
    return accounts.list_users(current_caller(), page, wanted)


@admin.get("/users/<uuid:user_id>")
@role_required(Role.ADMIN)
@admin.response(200, UserOut)
def user(user_id: UUID) -> Tagged:
    """One person."""
    found = accounts.user_of(current_caller(), user_id)
    return tagged(found, found.version)


@admin.patch("/users/<uuid:user_id>")
@role_required(Role.ADMIN)
@admin.arguments(UserIn)
@admin.response(200, UserOut)
def change_user(wanted: AccountChange, user_id: UUID) -> Tagged:
    """Give somebody a role, shut them out, let them in again. Needs If-Match."""
    changed = accounts.change_user(current_caller(), user_id, wanted_version(), wanted)
    return tagged(changed, changed.version)


@admin.post("/signing-keys")
@role_required(Role.ADMIN)
@admin.response(201, SigningKeyOut)
def rotate_signing_key() -> SigningKey:
    """Have another key sign access tokens soon; it is published at once, and the old one stays
    published until its last token has run out."""
    return rotate(dependencies().cipher, current_caller())
