import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.outcomes import Skipped

from store.charttest import helm
from store.charttest.conftest import pytest_runtest_call
from store.charttest.testing import SETS, needed_helm, rendered


def test_there_are_the_sets_of_values_that_ops_learn_from() -> None:
    """A file that were missed would not be missed by any other test."""
    assert SETS.keys() == {
        "defaults",
        "everything",
        "production",
        "single-node",
        "external-databases",
        "stripe",
        "no-monitoring",
        "operator",
        "gateway-api",
        "loaded-images",
        "closed-cluster",
        "bare",
    }


def test_later_values_win(tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_text("users: { replicas: 3, autoscaling: { enabled: false } }\n")
    objects = helm.render(file, {"users": {"replicas": 5}})
    assert objects.one("Deployment", "store-users").spec["replicas"] == 5


def test_a_release_has_its_name_and_an_upgrade_its_hooks() -> None:
    installed, upgraded = (rendered(release="shop", is_upgrade=each) for each in (False, True))
    assert {each.labels["app.kubernetes.io/instance"] for each in installed} == {"shop"}
    assert [each for each in installed if "pre-upgrade" in each.hooks] == []
    assert [each for each in upgraded if "pre-upgrade" in each.hooks] != []


def test_a_refusal_is_helms_message_and_no_noise() -> None:
    with pytest.raises(helm.HelmRefused) as refused:
        helm.render({"hots": "shop.example.com"})
    assert str(refused.value).splitlines() == [
        "values don't meet the specifications of the schema(s) in the following chart(s):",
        "virtual-store:",
        "- at '': additional properties 'hots' not allowed",
    ]


def test_linting_refuses_as_well() -> None:
    with pytest.raises(helm.HelmRefused, match="additional properties 'hots' not allowed"):
        helm.lint({"hots": "shop.example.com"})


def test_what_a_user_has_configured_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELM_NAMESPACE", "elsewhere")
    monkeypatch.setenv("KUBECONFIG", "/nowhere/config")
    assert len(helm.render()) == len(rendered())


def program_in(folder: Path, name: str, script: str) -> Path:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


def test_helm_is_what_the_environment_names_or_the_pinned_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    elsewhere = program_in(tmp_path, "helm", "exit 1")
    monkeypatch.setenv("PATH", os.pathsep.join((str(tmp_path), os.environ["PATH"])))
    monkeypatch.setenv("HELM", str(elsewhere))
    assert helm.helm_program() == str(elsewhere)
    monkeypatch.delenv("HELM")
    assert pinned(needed_helm())


def pinned(program: str) -> bool:
    """Whether it is the version that build-support/fetch-helm pins."""
    version = re.search(r"^version=(.*)$", helm.FETCH.read_text(), re.MULTILINE)
    printed = subprocess.check_output([program, "version", "--template", "{{.Version}}"], text=True)
    return version is not None and printed == f"v{version[1]}"


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """helm cannot be brought; the file gets a line for each try."""
    tries = tmp_path / "tries"
    fetch = program_in(
        tmp_path, "fetch", f"echo try >> {tries}; echo 'there is no net' >&2; exit 1"
    )
    monkeypatch.delenv("HELM", raising=False)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(helm, "FETCH", fetch)
    helm.fetched.cache_clear()
    yield tries
    helm.fetched.cache_clear()


def test_a_helm_that_is_no_program_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELM", "/nowhere/helm")
    with pytest.raises(helm.HelmMissing, match="HELM is /nowhere/helm, which is no program"):
        helm.render()


def test_what_cannot_be_brought_is_tried_once_and_said_with_the_reason(unreachable: Path) -> None:
    for _ in range(3):
        with pytest.raises(helm.HelmMissing, match="there is no net"):
            helm.render()
    assert unreachable.read_text() == "try\n"


@pytest.mark.usefixtures("unreachable")
def test_without_helm_a_test_is_skipped_with_the_reason() -> None:
    with pytest.raises(Skipped, match="there is no net"):
        rendered(release="never-rendered")
    running = pytest_runtest_call()
    next(running)
    with pytest.raises(Skipped, match="there is no net"):
        running.throw(helm.HelmMissing("there is no net"))
