"""Sessions over HTTP."""

from flask import request
from werkzeug.http import dump_cookie

from store.auth.http import current_caller, login_required
from store.users.api.dependencies import client_network, dependencies, users
from store.users.api.session_schemas import LogInIn, RefreshIn, TokensOut
from store.users.credentials.access_tokens import Tokens
from store.users.credentials.login_throttle import LoginOrigin
from store.users.use_cases import sessions

DEVICE_COOKIE = "device"
DEVICE_SECONDS = 180 * 24 * 3600


@users.post("/sessions")
@users.arguments(LogInIn)
@users.response(201, TokensOut)
def log_in(claim: dict[str, str]) -> tuple[Tokens, dict[str, str]]:
    """Log in. The cookie opens nothing; it tells this device from strangers, who may try less."""
    origin = LoginOrigin(client_network(), request.cookies.get(DEVICE_COOKIE, ""))
    needs = dependencies()
    tokens, device = sessions.log_in(
        claim["email"], claim["password"], origin, needs.throttle, needs.issuer
    )
    cookie = dump_cookie(
        DEVICE_COOKIE,
        device,
        max_age=DEVICE_SECONDS,
        path="/v1/sessions",
        secure=True,
        httponly=True,
        samesite="Strict",
    )
    return tokens, {"Cache-Control": "no-store", "Set-Cookie": cookie}


@users.post("/sessions/refresh")
@users.arguments(RefreshIn)
@users.response(201, TokensOut)
def refresh(sent: dict[str, str]) -> tuple[Tokens, dict[str, str]]:
    """Trade a refresh token for new tokens. It works once; keep the new one."""
    tokens = sessions.refresh(sent["refresh_token"], dependencies().issuer)
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
