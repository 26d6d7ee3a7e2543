"""One's own account over HTTP."""

from store.auth.http import current_caller, login_required
from store.server.http.etags import tagged, wanted_version
from store.users.api.account_schemas import ProfileIn, ProfileOut
from store.users.api.dependencies import Tagged, dependencies, users
from store.users.use_cases import profile


@users.get("/users/me")
@login_required
@users.response(200, ProfileOut)
def me() -> Tagged:
    """Who you are."""
    user = profile.profile_of(current_caller())
    return tagged(user, user.version)


@users.patch("/users/me")
@login_required
@users.arguments(ProfileIn)
@users.response(200, ProfileOut)
def rename(wanted: dict[str, str]) -> Tagged:
    """Change your name. Needs If-Match."""
    user = profile.rename(current_caller(), wanted_version(), wanted["name"])
    return tagged(user, user.version)


@users.delete("/users/me")
@login_required
@users.response(204)
def leave() -> None:
    """Delete your account: you become anonymous, and cannot come back. Needs If-Match."""
    profile.delete_account(current_caller(), wanted_version(), dependencies().throttle)
