"""What helm prints at the end of an installation: commands that can be copied, for what is there."""

import re
import subprocess
from functools import cache

import pytest

from store.charttest import helm
from store.charttest.secrecy import secret_values
from store.charttest.testing import SETS, needed_helm, rendered

NAMED = re.compile(r"\b(service|deployment|cronjob|secret)[/ ](store-[-a-z]*[a-z])\b")


@pytest.fixture
def notes(chosen: str) -> str:
    needed_helm()
    return _notes(chosen)


@cache
def _notes(name: str) -> str:
    return helm.notes(*SETS[name])


def commands(text: str) -> str:
    """The lines that stand out: two spaces in front."""
    return "\n".join(line for line in text.splitlines() if line.startswith("  "))


def test_what_the_notes_name_is_in_the_release(chosen: str, notes: str) -> None:
    named = {(kind.capitalize(), name) for kind, name in NAMED.findall(notes)}
    kinds = {"Cronjob": "CronJob"}
    there = {(each.kind, each.name) for each in rendered(*SETS[chosen])}
    assert {(kinds.get(kind, kind), name) for kind, name in named} <= there


def test_the_commands_of_the_notes_are_those_of_a_shell(notes: str) -> None:
    done = subprocess.run(
        ["/bin/bash", "-n"], input=commands(notes), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_notes_tell_the_next_command_and_no_secret(notes: str) -> None:
    assert "helm test store -n store" in commands(notes)
    assert re.findall(r"\w{24,}", notes) == []


def test_a_generated_secret_would_be_noticed() -> None:
    values = secret_values(rendered())
    assert all(re.fullmatch(r"\w{24,}", value) for value in values)


def test_the_notes_are_of_this_release_and_its_namespace() -> None:
    needed_helm()
    notes = helm.notes(release="shop", namespace="trade")
    assert "kubectl -n trade get secret shop-admin" in notes
    assert not re.search(r"\bstore-", notes)  # of the release that is called store


def test_with_a_host_the_notes_say_where_the_store_is() -> None:
    needed_helm()
    assert "It is at https://shop.example.com." in _notes("stripe")
    assert "port-forward service/store-users 8001:8000" in _notes("defaults")
