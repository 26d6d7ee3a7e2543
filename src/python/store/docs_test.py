"""README, docs/ and the other documents name only what exists: links, headings, files, commands, jobs of CI."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import yaml

ROOT = Path()
DOCUMENTS = sorted(
    file
    for pattern in ("*.md", "docs/**/*.md", "deploy/*.md", "grafana/*.md", ".github/*.md")
    for file in ROOT.glob(pattern)
)
HISTORY = {Path("CHANGELOG.md")}  # names what is gone, too
FOLDERS = sorted(folder.name for folder in ROOT.iterdir() if folder.is_dir())
MADE_WHEN_RUN = ("dist/", ".store")

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
QUOTED = re.compile(r"`([^`\n]+)`")
# A path from the top of the repository: its first part is one of ours.
PATH = re.compile(
    rf"(?:{'|'.join(map(re.escape, FOLDERS))})(?:/[\w.\-@*{{}}]+)*/?(?:\.[\w]+)?(?=$|[\s:#,;)])"
)
COMMAND = re.compile(r"\./pants (?:--[^\s`]+ )*([a-z][\w-]*)(?: ([a-z][\w-]*))?")
GOALS = {
    "check",
    "dependencies",
    "export-codegen",
    "fmt",
    "lint",
    "list",
    "package",
    "peek",
    "tailor",
}
GOALS |= {"run", "test", "update-build-files"}
"""Those of Pants that we use."""

PROGRAMS = {
    name
    for file in ROOT.glob("src/python/store/**/*.py")
    for name in re.findall(
        r"^@click\.command\(.*?^def (\w+)", file.read_text(), re.DOTALL | re.MULTILINE
    )
}
"""Our commands, by the functions that are run."""


def text_of(document: Path) -> str:
    return document.read_text()


def prose_of(document: Path) -> str:
    """The text without what is fenced off: drawings and shell."""
    return FENCE.sub("", text_of(document))


def anchors_of(document: Path) -> set[str]:
    """The names by which GitHub links to the headings of a document."""
    headings = re.findall(r"^#{1,6} (.+)$", prose_of(document), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", re.sub(r"\]\([^)]*\)", "", each)) for each in headings)
    return {each.strip().lower().replace(" ", "-") for each in plain}


def links() -> Iterator[tuple[Path, str]]:
    for document in DOCUMENTS:
        for target in LINK.findall(prose_of(document)):
            if not re.match(r"[a-z]+:", target):
                yield document, target


def paths() -> Iterator[tuple[Path, str]]:
    for document in DOCUMENTS:
        if document in HISTORY:
            continue
        for quoted in QUOTED.findall(prose_of(document)):
            found = PATH.match(quoted)
            if found and "/" in found[0] and not quoted.startswith(MADE_WHEN_RUN):
                yield document, found[0]


def commands() -> Iterator[tuple[Path, str, str]]:
    for document in DOCUMENTS:
        if document not in HISTORY:
            for goal, word in COMMAND.findall(text_of(document)):
                yield document, goal, word


def test_links_lead_to_files_and_headings_that_are_there() -> None:
    wrong = []
    for document, target in links():
        file, _, anchor = target.partition("#")
        found = (document.parent / file).resolve() if file else document.resolve()
        missing = anchor and found.suffix == ".md" and anchor not in anchors_of(found)
        if missing or not found.exists():
            wrong.append(f"{document} links to {target}, which is not there")
    assert not wrong, "\n".join(wrong)


def test_the_paths_that_are_named_are_there() -> None:
    wrong = [
        f"{document} names {path}, which is not there"
        for document, path in paths()
        if not [*ROOT.glob(path.rstrip("/"))]
    ]
    assert not wrong, "\n".join(wrong)


def test_the_commands_that_are_named_are_there() -> None:
    known = GOALS | set(tomllib.loads(Path("pants.toml").read_text())["cli"]["alias"])
    wrong = [
        f"{document} names ./pants {goal} {word}"
        for document, goal, word in commands()
        if goal not in known or (goal == "proof" and word and word not in PROGRAMS)
    ]
    assert not wrong, "\n".join(wrong)


def test_every_document_can_be_found_from_the_readme() -> None:
    linked: dict[Path, set[Path]] = {file.resolve(): set() for file in DOCUMENTS}
    for document, target in links():
        file = target.partition("#")[0]
        linked[document.resolve()].add((document.parent / file).resolve())
    found, left = set[Path](), {Path("README.md").resolve()}
    while left:
        found |= left
        left = {target for document in left for target in linked.get(document, ())} - found
    assert {file for file in linked if ".github" not in file.parts} <= found


def test_the_two_commands_stand_at_the_top_of_the_readme() -> None:
    first = FENCE.findall(Path("README.md").read_text())[0]
    assert re.findall(r"^\./pants (\S+)", first, re.MULTILINE) == ["up", "test"]


def steps_of_ci() -> Iterator[dict[str, object]]:
    yield from yaml.safe_load(Path(".github/actions/pants/action.yml").read_text())["runs"]["steps"]
    for job in yaml.safe_load(Path(".github/workflows/ci.yml").read_text())["jobs"].values():
        yield from job["steps"]


def test_actions_of_ci_are_pinned_by_commit() -> None:
    used = [str(step["uses"]) for step in steps_of_ci() if "uses" in step]
    assert used
    for action in used:
        assert re.fullmatch(r"\./\.github/actions/\w+|[\w/-]+@[0-9a-f]{40}", action)


def test_the_jobs_of_ci_are_the_parts_of_the_gate() -> None:
    parts = re.findall(r"^part_(\w+)\(\)", Path(".ci/run").read_text(), re.MULTILINE)
    run = "\n".join(str(step.get("run", "")) for step in steps_of_ci())
    assert re.findall(r"^\.ci/run (\w+)$", run, re.MULTILINE) == parts
