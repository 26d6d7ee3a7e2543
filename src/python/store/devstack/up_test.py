"""Starts that come to nothing. A whole day in a store's life: proof/newcomer_test.py."""

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.devstack.folder import Folder
from store.devstack.ports import HOST, Ports, free_base
from store.testing.folders import short_folder
from store.testing.programs import UpProcess
from store.testing.wait import wait_for


@pytest.fixture
def data() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder


def refusal(data: Path, base: int) -> str:
    refused = UpProcess(data, base)
    assert refused.wait() == 1
    assert not refused.has_said("Traceback")
    return refused.lines[-1]


def test_a_port_in_use_is_one_clear_message(data: Path) -> None:
    base = free_base()
    with socket.socket() as other:
        other.bind((HOST, Ports(base).orders))
        other.listen()
        said = refusal(data, base)
    assert said.startswith(f"Error: Port {base + 3} (orders) is in use.")
    assert said.endswith(f"./pants up --port-base {base + 100}")


def test_a_second_store_in_the_same_folder_is_one_clear_message(data: Path) -> None:
    folder = Folder(data)
    folder.hold()
    said = refusal(data, free_base())
    folder.release()
    assert said.startswith("Error: Another `up` (process ")


def test_a_folder_that_cannot_be_made_is_one_clear_message(data: Path) -> None:
    (data / "file").write_text("")
    assert "cannot be used: Not a directory" in refusal(data / "file" / "store", free_base())


def test_ctrl_c_during_the_start_leaves_nothing_behind(data: Path) -> None:
    running = UpProcess(data, free_base())
    wait_for(lambda: running.has_said("bringing the databases up to date"), 60)
    assert running.end(signal.SIGINT) == 0
    assert running.has_said("stopped; ./pants up starts it again")
    assert not (data / "postgres" / "data" / "postmaster.pid").exists()
    folder = Folder(data)
    folder.hold()  # every child would still hold it
    folder.release()
