import subprocess
from pathlib import Path

import pytest

from store.monitoring import programs
from store.monitoring.programs import (
    GRAFANA,
    CannotWatch,
    LocalPrometheus,
    installed,
    prometheus_program,
)
from store.monitoring.targets import targets_json

TARGETS = targets_json({"users": "127.0.0.1:9001"})


def program_in(folder: Path, name: str) -> str:
    file = folder / name
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    return str(file)


def test_what_is_laid_out_is_a_configuration_that_prometheus_takes(
    tmp_path: Path, promtool: str
) -> None:
    watch = LocalPrometheus(tmp_path / "prometheus", "127.0.0.1:9090")
    watch.set_up(GRAFANA, TARGETS)
    checked = subprocess.run(
        [promtool, "check", "config", str(watch.configuration)],
        capture_output=True,
        text=True,
        timeout=30,
    )
    said = checked.stdout + checked.stderr
    assert checked.returncode == 0, said
    assert "WARNING" not in said, "the file of targets is where the configuration looks"
    assert "rules found" in said
    assert (watch.folder / "rules").resolve() == (GRAFANA / "rules").resolve()


def test_laying_it_out_again_replaces_the_targets_and_keeps_the_data(tmp_path: Path) -> None:
    watch = LocalPrometheus(tmp_path, "127.0.0.1:9090")
    watch.set_up(GRAFANA, TARGETS)
    (tmp_path / "data").mkdir()
    watch.set_up(GRAFANA, targets_json({}))
    assert [file.read_text() for file in (tmp_path / "targets").iterdir()] == ["[]"]
    assert (tmp_path / "data").is_dir()


def test_it_listens_on_the_loopback_and_keeps_its_data_in_its_folder() -> None:
    command = LocalPrometheus(Path("/a/folder"), "127.0.0.1:9190").command("/usr/bin/prometheus")
    assert command[0] == "/usr/bin/prometheus"
    assert {
        "--web.listen-address=127.0.0.1:9190",
        "--storage.tsdb.path=/a/folder/data",
        "--config.file=/a/folder/prometheus.yml",
    } <= set(command)


def test_without_our_folder_it_says_where_to_start(tmp_path: Path) -> None:
    with pytest.raises(CannotWatch, match="at the root of its repository"):
        LocalPrometheus(tmp_path, "127.0.0.1:9090").set_up(tmp_path / "nothing", TARGETS)


def test_a_program_is_found_on_the_path_and_in_the_usual_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, own = tmp_path / "usual", tmp_path / "own"
    usual.mkdir()
    own.mkdir()
    monkeypatch.setattr(programs, "BESIDES", (str(usual),))
    monkeypatch.setenv("PATH", str(own))
    with pytest.raises(CannotWatch, match="apt-get install prometheus"):
        prometheus_program()
    in_usual_place = program_in(usual, "prometheus")
    assert prometheus_program() == in_usual_place
    own_one = program_in(own, "prometheus")
    assert prometheus_program() == own_one
    assert installed(["older", "prometheus"], "") == own_one
