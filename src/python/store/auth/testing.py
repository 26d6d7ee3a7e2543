"""Tokens for tests, signed by a key of the test's own.

    signer = Signer()
    guard(app, signer.verifier())
    client.get("/v1/orders", headers=signer.headers(Caller(new_id(), Role.STAFF)))

The private key lives as long as the signer and is never written down.
"""

from typing import Any

from joserfc.jwk import ECKey

from store.auth.callers import Caller
from store.auth.keys import StaticKeys
from store.auth.tokens import Verifier, sign_token


class Signer:
    """Signs tokens as users would, and brings the verifier that believes them."""

    def __init__(self, kid: str = "test-key") -> None:
        self.key = ECKey.generate_key("P-256", {"kid": kid, "use": "sig", "alg": "ES256"})

    def token(self, caller: Caller, *, lives_seconds: int = 600) -> str:
        return sign_token(caller, self.key, lives_seconds=lives_seconds)

    def headers(self, caller: Caller) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(caller)}"}

    def verifier(self) -> Verifier:
        return Verifier(StaticKeys(self.jwks()))

    def jwks(self) -> dict[str, Any]:
        """The document that users would publish."""
        return {"keys": [self.key.as_dict(private=False)]}
