import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from store.devstack.folder import Folder
from store.devstack.monitoring import MonitoringPrograms, MonitoringStatus
from store.devstack.output import Output
from store.devstack.ports import Ports
from store.monitoring import programs
from store.testing.wait import wait_for

# Notes how it was started, then stays until it is stopped.
FAKE = '#!/bin/sh\necho "$@" > {note}; env >> {note}\nexec sleep 60\n'


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    folder = Folder(tmp_path / "store")
    folder.hold()
    yield folder
    folder.release()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine where nothing is installed but what stands in this folder."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "sleep", "env", "rm"):
        (folder / name).symlink_to(f"/bin/{name}")
    monkeypatch.setattr(programs, "BESIDES", ())
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def started() -> Iterator[ExitStack]:
    with ExitStack() as started:
        yield started


def install(machine: Path, name: str) -> Path:
    """Where the fake program notes how it was started."""
    note = machine / f"{name}.note"
    (machine / name).write_text(FAKE.format(note=note))
    (machine / name).chmod(0o755)
    return note


def watching(folder: Folder, started: ExitStack) -> tuple[MonitoringPrograms, MonitoringStatus]:
    watchers = MonitoringPrograms(folder, Ports(8000, monitored=True), Output())
    return watchers, watchers.start(started)


def test_what_is_not_installed_is_named_with_what_installs_it(
    folder: Folder, machine: Path, started: ExitStack
) -> None:
    _, watched = watching(folder, started)
    assert [text.partition(" is not installed")[0] for text in watched.missing] == [
        *("Prometheus", "Grafana"),
    ]
    assert all("apt-get install" in text for text in watched.missing)
    assert not watched.addresses
    assert not watched.dashboards


def test_what_is_installed_is_started_with_what_is_ours(
    folder: Folder, machine: Path, started: ExitStack
) -> None:
    prometheus, grafana = install(machine, "prometheus"), install(machine, "grafana")
    _, watched = watching(folder, started)
    assert watched.addresses == {
        "prometheus": "http://127.0.0.1:8090",
        "grafana": "http://127.0.0.1:8060",
    }
    assert not watched.missing
    wait_for(lambda: prometheus.exists() and "PATH=" in prometheus.read_text(), 10)
    wait_for(lambda: grafana.exists() and "PATH=" in grafana.read_text(), 10)
    assert f"--config.file={folder.prometheus}/prometheus.yml" in prometheus.read_text()
    assert "PROMETHEUS_URL=http://127.0.0.1:8090" in grafana.read_text()


def test_one_that_dies_is_told_of_once(
    folder: Folder, machine: Path, started: ExitStack, capfd: pytest.CaptureFixture[str]
) -> None:
    # The auditor has no store to look at here, and says so before it ends.
    watchers, _ = watching(folder, started)
    said: list[str] = []

    def has_died() -> bool:
        watchers.report_dead()
        said.append(capfd.readouterr().out)
        return "ended by itself" in "".join(said)

    wait_for(has_died, 30)
    watchers.report_dead()
    said.append(capfd.readouterr().out)
    text = "".join(said)
    assert text.count("audit ended by itself (exit status 2)") == 1
    assert "start the store first" in text


def test_outside_the_repository_it_is_said_where_to_start(
    folder: Folder, machine: Path, started: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(machine, "prometheus")
    monkeypatch.setenv("PYTHONPATH", os.pathsep)
    monkeypatch.chdir(machine)
    _, watched = watching(folder, started)
    assert "grafana/prometheus.yml" in watched.missing[0]
    assert "prometheus" not in watched.addresses


def test_nothing_watches_a_store_unless_asked(folder: Folder, started: ExitStack) -> None:
    watchers = MonitoringPrograms(folder, Ports(8000), Output())
    assert watchers.start(started) == MonitoringStatus()
    watchers.report_dead()
