"""Access tokens: JWTs (RFC 9068) signed by users with ES256 and read everywhere else.

    header: alg ES256, typ at+jwt, kid
    claims: iss, aud, sub (user id), role, sid (log-in), iat, exp, jti

A role that was taken away, or a log-in that was ended, shows when the token expires: minutes later.
"""

import time
from collections import OrderedDict
from threading import Lock
from typing import Any
from uuid import UUID, uuid4

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import ECKey
from joserfc.jwt import JWTClaimsRegistry

from store.auth.callers import Caller, Role
from store.auth.keys import Keys
from store.server.errors import Unauthenticated

ISSUER = "virtual-store"
AUDIENCE = "virtual-store"
ALGORITHM = "ES256"
TYPE = "at+jwt"
CLOCK_SKEW_SECONDS = 10
MAX_TOKEN_LENGTH = 4096
MAX_CACHED_TOKENS = 10_000


class InvalidToken(Unauthenticated):
    code = "invalid_token"


class ExpiredToken(InvalidToken):
    code = "token_expired"


def sign_token(caller: Caller, key: ECKey, *, lives_seconds: int, issuer: str = ISSUER) -> str:
    """An access token for a caller; `key` is a private P-256 key that has a `kid`."""
    issued = int(time.time())
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": AUDIENCE,
        "sub": str(caller.id),
        "role": caller.role.value,
        "iat": issued,
        "exp": issued + lives_seconds,
        "jti": str(uuid4()),
    }
    if caller.session_id is not None:
        claims["sid"] = str(caller.session_id)
    return jwt.encode({"alg": ALGORITHM, "typ": TYPE, "kid": key.kid}, claims, key)


class Verifier:
    """Verifies tokens. Caches good ones until they expire: verifying costs 80 us."""

    def __init__(self, keys: Keys, issuer: str = ISSUER) -> None:
        self._keys = keys
        self._issuer = issuer
        self._cache: OrderedDict[str, tuple[Caller, float]] = OrderedDict()
        self._lock = Lock()

    def caller_of(self, token: str) -> Caller:
        """The caller a token was made for.

        InvalidToken or ExpiredToken (401) if it is not good; Unavailable (503) if its key is unknown
        and the keys cannot be fetched: it may be a good one.
        """
        found = self._cache.get(token)
        if found is not None and time.time() < found[1]:
            return found[0]
        caller, expires = self._verify(token)
        self._remember(token, caller, expires)
        return caller

    def _verify(self, token: str) -> tuple[Caller, float]:
        if len(token) > MAX_TOKEN_LENGTH:
            raise InvalidToken("The access token is too long.")
        try:
            read = jwt.decode(token, self._key_of, algorithms=[ALGORITHM])
            return self._caller_in(read)
        except ExpiredTokenError:
            raise ExpiredToken(
                "The access token has expired; refresh it or log in again."
            ) from None
        except (JoseError, ValueError, TypeError, RecursionError):
            # Whatever strangers send: bad base64, JSON that is no object, an unknown key, ...
            raise InvalidToken("The access token is not valid.") from None

    def _key_of(self, signature: Any) -> ECKey:
        header = signature.headers()
        if str(header.get("typ")).lower() != TYPE or not isinstance(header.get("kid"), str):
            raise ValueError("not an access token")
        return self._keys.find(header["kid"])

    def _caller_in(self, read: jwt.Token) -> tuple[Caller, float]:
        claims = read.claims
        rules = JWTClaimsRegistry(
            leeway=CLOCK_SKEW_SECONDS,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": AUDIENCE},
            sub={"essential": True},
            role={"essential": True, "values": [role.value for role in Role]},
            iat={"essential": True},
            exp={"essential": True},
        )
        rules.validate(claims)
        session = claims.get("sid")
        caller = Caller(
            id=UUID(str(claims["sub"])),
            role=Role(claims["role"]),
            session_id=None if session is None else UUID(str(session)),
        )
        return caller, float(claims["exp"])

    def _remember(self, token: str, caller: Caller, expires: float) -> None:
        with self._lock:
            self._cache[token] = (caller, expires)
            while len(self._cache) > MAX_CACHED_TOKENS:
                self._cache.popitem(last=False)
