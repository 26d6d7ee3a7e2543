import os
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from store.devstack.errors import AlreadyUp, DiskFull, FolderNotOurs
from store.devstack.folder import Folder

HOLD_AND_DIE = """
import os, pathlib, subprocess, sys
from store.devstack.folder import Folder
folder = Folder(pathlib.Path(sys.argv[1]))
folder.hold()
child = subprocess.Popen(["sleep", "0.5"], pass_fds=(folder.lock,))
print("held", flush=True)
os.kill(os.getpid(), 9)
"""


def test_a_second_up_on_the_same_folder_is_told_who_holds_it(tmp_path: Path) -> None:
    first = Folder(tmp_path)
    first.hold()
    with pytest.raises(AlreadyUp, match=f"process {os.getpid()}"):
        Folder(tmp_path).hold()
    first.release()


def test_a_folder_that_was_let_go_can_be_held_again(tmp_path: Path) -> None:
    first = Folder(tmp_path)
    first.hold()
    first.release()
    second = Folder(tmp_path)
    second.hold()
    second.release()


def test_after_a_kill_the_next_up_waits_until_the_children_have_gone(tmp_path: Path) -> None:
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    killed = subprocess.run(
        [sys.executable, "-c", HOLD_AND_DIE, str(tmp_path)],
        env=environ,
        capture_output=True,
        timeout=30,
    )
    assert killed.stdout == b"held\n"
    folder = Folder(tmp_path)
    folder.hold()
    folder.release()


def test_a_file_in_the_way_is_one_clear_message(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderNotOurs, match="--data DIR"):
        Folder(tmp_path / "file" / "store").hold()


def test_a_full_disk_is_one_clear_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 10**12, 7_000_000))
    with pytest.raises(DiskFull, match="7 MB left"):
        Folder(tmp_path).hold()


def test_fresh_forgets_database_mails_measurements_and_secrets(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.hold()
    for kept in (folder.database.path / "data", folder.mails, folder.prometheus / "data"):
        kept.mkdir(parents=True, exist_ok=True)
        (kept / "file").write_text("old")
    folder.secrets.write_text("{}")
    folder.clear()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["lock", "mail"]
    folder.release()
