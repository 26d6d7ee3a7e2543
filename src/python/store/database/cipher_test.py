"""Secrets at rest."""

import pytest

from store.database.cipher import (
    Cipher,
    Unreadable,
    new_token,
    open_as_holder,
    seal_for_holder,
    token_hash,
)

OLD, NEW = "an old secret of some forty characters..", "a new secret of some forty characters..."


def test_secrets_are_rotated_by_putting_a_new_one_in_front() -> None:
    sealed = Cipher([OLD]).seal(b"plain")
    assert Cipher([NEW, OLD]).open(sealed) == b"plain"
    with pytest.raises(Unreadable):
        Cipher([OLD]).open(Cipher([NEW, OLD]).seal(b"plain"))


def test_a_fingerprint_depends_on_every_part_and_on_the_secret() -> None:
    cipher = Cipher([OLD])
    prints = {
        cipher.fingerprint("a", "bc"),
        cipher.fingerprint("ab", "c"),
        Cipher([NEW]).fingerprint("a", "bc"),
    }
    assert len(prints) == 3
    assert cipher.fingerprint("a", "bc") in prints


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
