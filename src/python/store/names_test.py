"""One word, one meaning: the rules of names in CONTRIBUTING.md that a program can check."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

STORE = Path("src/python/store")
SOURCES = sorted(STORE.glob("**/*.py"))
MOST_FILES = 2
"""So many files may define a class of one name: a service's, and another's view of it."""

PRIVATE_LANGUAGE = {"LOOK_SECONDS": "POLL_INTERVAL_SECONDS", "PATIENCE_SECONDS": "TIMEOUT_SECONDS"}


def test_there_are_sources() -> None:
    assert len(SOURCES) > 500


def test_a_class_name_means_one_thing() -> None:
    files = defaultdict(set)
    for file in SOURCES:
        for name in re.findall(r"^class (\w+)", file.read_text(), re.MULTILINE):
            files[name].add(str(file.relative_to(STORE)))
    shared = {name: sorted(where) for name, where in files.items() if len(where) > MOST_FILES}
    assert not shared


@pytest.mark.parametrize("word", PRIVATE_LANGUAGE)
def test_the_field_s_words_are_used(word: str) -> None:
    users = [str(file) for file in SOURCES if re.search(rf"\w*{word}\b", file.read_text())]
    users.remove(str(STORE / "names_test.py"))
    assert not users, f"{word} is called {PRIVATE_LANGUAGE[word]}"


def test_files_are_nouns() -> None:
    verbs = [
        str(file.relative_to(STORE))
        for file in SOURCES
        if re.search(r"ing(_test)?\.py$", file.name)
        and file.name.removesuffix(".py").removesuffix("_test") not in NOUNS
        and "migrations" not in file.parts
    ]
    assert not verbs


NOUNS = {"testing", "monitoring", "routing", "provisioning"}
"""They end in -ing, and name a thing of the field."""
