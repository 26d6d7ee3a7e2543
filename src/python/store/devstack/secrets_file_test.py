import stat
from pathlib import Path

import pytest

from store.cli.errors import Trouble
from store.devstack.secrets_file import read, read_or_make


def test_secrets_are_made_once_and_stay(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    assert read_or_make(file) == read_or_make(file) == read(file)


def test_no_two_stores_share_a_secret(tmp_path: Path) -> None:
    one, other = read_or_make(tmp_path / "one.json"), read_or_make(tmp_path / "other.json")
    assert not set(vars(one).values()) & set(vars(other).values())


def test_only_the_owner_can_read_them(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    read_or_make(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_broken_file_is_named_without_showing_what_is_in_it(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    file.write_text('{"rpc_key": "do not show me"')
    with pytest.raises(Trouble, match="--fresh") as trouble:
        read(file)
    assert "do not show me" not in trouble.value.message


def test_a_store_that_never_ran_has_none(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="start the store first"):
        read(tmp_path / "secrets.json")
