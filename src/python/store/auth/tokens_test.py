import base64
import contextlib
import json
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey

from store.auth import tokens
from store.auth.callers import Caller, Role
from store.auth.keys import StaticKeys
from store.auth.testing import Signer
from store.auth.tokens import ExpiredToken, InvalidToken, Verifier
from store.server.ids import new_id

SIGNER = Signer()
CALLER = Caller(new_id(), Role.STAFF, new_id())
HEADER = {"alg": "ES256", "typ": "at+jwt", "kid": SIGNER.key.kid}


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    good = {
        "iss": "virtual-store",
        "aud": "virtual-store",
        "sub": str(uuid4()),
        "role": "customer",
        "sid": str(uuid4()),
        "iat": now,
        "exp": now + 600,
        "jti": "1",
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


def signed(header: dict[str, Any] | None = None, key: Any = SIGNER.key, **changes: Any) -> str:
    return jwt.encode({**HEADER, **(header or {})}, claims(**changes), key)


def test_a_token_says_whom_it_was_made_for() -> None:
    verifier = SIGNER.verifier()
    assert [verifier.caller_of(SIGNER.token(CALLER)) for _ in range(2)] == [CALLER, CALLER]
    without_session = Caller(new_id(), Role.CUSTOMER)
    assert verifier.caller_of(SIGNER.token(without_session)) == without_session


def test_roles_rise() -> None:
    assert [
        (r.value, Caller(new_id(), r).is_staff, Caller(new_id(), r).is_admin) for r in Role
    ] == [
        ("customer", False, False),
        ("staff", True, False),
        ("admin", True, True),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody"},
        {"iss": ...},
        {"iss": 1},
        {"aud": "another"},
        {"aud": ...},
        {"aud": [1]},
        {"sub": "not a uuid"},
        {"sub": 1},
        {"sub": ...},
        {"role": "god"},
        {"role": ["admin"]},
        {"role": {}},
        {"role": ...},
        {"sid": "x"},
        {"sid": 5},
        {"iat": ...},
        {"iat": 2**40},
        {"nbf": 2**40},
        {"exp": ...},
        {"exp": "tomorrow"},
        {"exp": True},
        {"exp": None},
        {"exp": float("nan")},
        {"exp": float("inf")},
    ],
    ids=str,
)
def test_a_claim_that_is_wrong_spoils_the_token(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        SIGNER.verifier().caller_of(signed(**changes))


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": None},
        {"kid": "another"},
        {"kid": None},
        {"kid": 7},
        {"crit": ["exp"]},
    ],
    ids=str,
)
def test_a_header_that_is_wrong_spoils_the_token(header: dict[str, Any]) -> None:
    named = {name: value for name, value in {**HEADER, **header}.items() if value is not None}
    parts = [named, claims()]
    forged = ".".join(_base64(json.dumps(part).encode()) for part in parts)
    with pytest.raises(InvalidToken):
        SIGNER.verifier().caller_of(f"{forged}.{_signature(forged)}")


def test_a_key_that_the_token_brings_itself_does_not_count() -> None:
    theirs = ECKey.generate_key("P-256", {"kid": str(SIGNER.key.kid)})
    token = signed({"jwk": theirs.as_dict(private=False)}, key=theirs)
    with pytest.raises(InvalidToken):
        SIGNER.verifier().caller_of(token)


def test_an_algorithm_that_is_not_ours_is_refused() -> None:
    public = json.dumps(SIGNER.jwks()).encode()
    confused = jwt.encode({**HEADER, "alg": "HS256"}, claims(), OctKey.import_key(public))
    unsigned = f"{_base64(json.dumps({**HEADER, 'alg': 'none'}).encode())}.{_base64(b'{}')}."
    for token in (confused, unsigned):
        with pytest.raises(InvalidToken):
            SIGNER.verifier().caller_of(token)


def test_a_token_of_another_key_with_the_same_id_is_refused() -> None:
    with pytest.raises(InvalidToken):
        SIGNER.verifier().caller_of(Signer(kid=str(SIGNER.key.kid)).token(CALLER))


def test_a_token_expires_even_when_it_is_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    verifier, token = SIGNER.verifier(), SIGNER.token(CALLER, lives_seconds=60)
    assert verifier.caller_of(token) == CALLER
    begun = time.time()
    for later, good in [(59, True), (60 + tokens.CLOCK_SKEW_SECONDS - 2, True), (75, False)]:
        monkeypatch.setattr(time, "time", lambda later=later: begun + later)
        if good:
            assert verifier.caller_of(token) == CALLER
        else:
            with pytest.raises(ExpiredToken) as caught:
                verifier.caller_of(token)
            assert (caught.value.status, caught.value.code) == (401, "token_expired")


def test_only_so_many_tokens_are_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MAX_CACHED_TOKENS", 3)
    verified: list[str] = []

    def jwks() -> dict[str, Any]:
        verified.append("once")
        return SIGNER.jwks()

    verifier = Verifier(StaticKeys(jwks))
    several = [SIGNER.token(CALLER) for _ in range(5)]
    for token in several:
        verifier.caller_of(token)
    assert len(verifier._cache) == 3
    for token in several[2:]:
        verifier.caller_of(token)
    assert len(verified) == 5
    verifier.caller_of(several[0])
    assert len(verified) == 6


ANYTHING = st.one_of(
    st.text(),
    st.binary().map(lambda data: data.decode("latin-1")),
    st.lists(st.binary(max_size=60).map(lambda data: _base64(data)), max_size=6).map(".".join),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(ANYTHING)
@example("[" * 3000)
@example(f"{'x' * 5000}.a.b")
@example("..")
@example("\ud800")
@example("a.\udfff.b")
def test_whatever_strangers_send_is_an_invalid_token(token: str) -> None:
    with pytest.raises(InvalidToken):
        SIGNER.verifier().caller_of(token)


@given(st.dictionaries(st.sampled_from([*HEADER, "crit", "b64", "jwk", "x5c", "jku"]), JSON), JSON)
@example({"crit": ["b64"], "b64": False}, {})
@example({}, "[" * 1000)
def test_whatever_json_strangers_sign_is_an_invalid_token(
    header: dict[str, Any], payload: Any
) -> None:
    parts = [json.dumps({**HEADER, **header}).encode(), json.dumps(payload).encode()]
    signed_part = ".".join(_base64(part) for part in parts)
    with pytest.raises(InvalidToken):
        SIGNER.verifier().caller_of(f"{signed_part}.{_base64(b'x' * 64)}")


@given(JSON, st.sampled_from(["iss", "aud", "sub", "role", "sid", "iat", "exp", "nbf", "jti"]))
def test_not_even_our_own_signature_makes_nonsense_an_error_of_ours(value: Any, name: str) -> None:
    with contextlib.suppress(InvalidToken):
        SIGNER.verifier().caller_of(signed(**{name: value}))


@given(st.sampled_from([b"[]", b"null", b"1", b"{", b"\xff", b'{"exp":NaN}', b"[" * 5000]))
def test_a_signed_payload_that_is_no_object_is_an_invalid_token(payload: bytes) -> None:
    token = jws.serialize_compact(HEADER, payload, SIGNER.key)
    with pytest.raises(InvalidToken):
        SIGNER.verifier().caller_of(token)


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _signature(signed_part: str) -> str:
    algorithm: Callable[[bytes, Any], bytes] = jws.JWSRegistry().get_alg("ES256").sign
    return _base64(algorithm(signed_part.encode(), SIGNER.key))
