"""Argon2id with the least parameters that OWASP recommends, or better."""

from argon2 import extract_parameters
from argon2.low_level import Type

from store.users.credentials.password_hashes import (
    _NOBODYS_HASH,
    hash_password,
    is_outdated,
    is_password,
)


def test_a_hash_is_made_as_owasp_recommends() -> None:
    made = extract_parameters(hash_password("correct horse"))
    assert made.type is Type.ID
    assert (made.memory_cost, made.time_cost, made.parallelism) == (19 * 1024, 2, 1)


def test_only_the_password_matches_and_each_hash_is_salted() -> None:
    one, other = hash_password("correct horse"), hash_password("correct horse")
    assert one != other
    assert is_password("correct horse", one)
    assert not is_password("correct Horse", one)
    assert not is_outdated(one)


def test_nobody_s_hash_costs_the_same_and_matches_nothing() -> None:
    assert not is_password("", None)
    assert not is_outdated(_NOBODYS_HASH)
