import os
from pathlib import Path

import pytest
from _pytest.outcomes import Failed, Skipped

from store.release import helm
from store.release.testing import SETS, rendered


@pytest.fixture
def without_helm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("HELM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))


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


def test_helm_is_what_the_environment_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "helm"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("HELM", str(program))
    assert helm.helm_program() == str(program)
    monkeypatch.delenv("HELM")
    monkeypatch.setenv("PATH", os.pathsep.join((str(tmp_path), os.defpath)))
    assert helm.helm_program() == str(program)


@pytest.mark.usefixtures("without_helm")
def test_without_helm_people_are_told_how_to_get_it() -> None:
    with pytest.raises(helm.HelmMissing, match=r"HELM=\$\(build-support/fetch-helm\)"):
        helm.render()


@pytest.mark.usefixtures("without_helm")
def test_without_helm_a_test_is_skipped_at_home_and_fails_in_ci(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(Skipped, match="build-support/fetch-helm"):
        rendered(release="never-rendered")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(Failed, match="build-support/fetch-helm"):
        rendered(release="never-rendered")
