"""The public keys of access tokens over HTTP."""

from flask import Response, jsonify

from store.server.http.blueprint import Blueprint
from store.users.api.dependencies import dependencies
from store.users.api.session_schemas import JwkSetOut
from store.users.credentials.signing_keys import JWKS_SECONDS

keys = Blueprint("keys", __name__, url_prefix="/.well-known", description="Keys of access tokens.")


@keys.get("/jwks.json")
@keys.response(200, JwkSetOut)
def jwks() -> Response:
    """The keys with which access tokens are verified; cache them as long as the answer says."""
    answer = jsonify(dependencies().keyring.public())
    answer.cache_control.public = True
    answer.cache_control.max_age = JWKS_SECONDS
    return answer
