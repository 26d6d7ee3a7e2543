"""Secrets at rest."""

import pytest

from store.database.vault import (
    Unreadable,
    Vault,
    new_token,
    open_as_holder,
    seal_for_holder,
    token_hash,
)

OLD, NEW = "an old secret of some forty characters..", "a new secret of some forty characters..."


def test_secrets_are_rotated_by_putting_a_new_one_in_front() -> None:
    sealed = Vault([OLD]).seal(b"plain")
    assert Vault([NEW, OLD]).open(sealed) == b"plain"
    with pytest.raises(Unreadable):
        Vault([OLD]).open(Vault([NEW, OLD]).seal(b"plain"))


def test_a_fingerprint_depends_on_every_part_and_on_the_secret() -> None:
    vault = Vault([OLD])
    prints = {
        vault.fingerprint("a", "bc"),
        vault.fingerprint("ab", "c"),
        Vault([NEW]).fingerprint("a", "bc"),
    }
    assert len(prints) == 3
    assert vault.fingerprint("a", "bc") in prints


def test_only_the_holder_of_a_token_reads_its_successor() -> None:
    token, successor = new_token(), new_token()
    sealed = seal_for_holder(token, successor)
    assert open_as_holder(token, sealed) == successor
    with pytest.raises(Exception, match=r"^$"):
        open_as_holder(new_token(), sealed)


def test_tokens_are_long_and_their_hashes_short() -> None:
    assert len(new_token()) == 43
    assert len(token_hash(new_token())) == 32
    assert new_token() != new_token()
