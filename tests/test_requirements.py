"""The versions that are installed for development, in workflows and in tests are fixed, with hashes."""

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PINNED = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;\\]+)", re.MULTILINE)


def pinned(file: str) -> dict[str, str]:
    """Return the versions of a requirements file by normalized package name."""
    text = (ROOT / ".ci" / file).read_text()
    return {normalized(found["name"]): found["version"] for found in PINNED.finditer(text)}


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize(
    ("file", "least"),
    [(".ci/requirements.txt", 20), (".ci/requirements-docs.txt", 8), ("tests/support/foreign/requirements.txt", 20)],
)
def test_every_pinned_package_has_a_hash(file, least):
    entries = re.split(r"\n(?=\S)", (ROOT / file).read_text())
    without = [entry for entry in entries if PINNED.match(entry) and "--hash=sha256:" not in entry]

    assert not without
    assert len([entry for entry in entries if PINNED.match(entry)]) > least


def test_every_requirement_of_the_project_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"].values()
    names = [*project["project"]["dependencies"], *(name for extra in extras for name in extra)]
    names += project["build-system"]["requires"]
    required = {normalized(re.split(r"[\[<>=,;~! ]", name)[0]) for name in names} - {"assistant-reconciler"}

    assert required <= pinned("requirements.txt").keys()


def test_every_npm_package_has_a_hash():
    locks = list((ROOT / "tests").glob("*/package-lock.json"))

    assert locks
    for lock in locks:
        packages = json.loads(lock.read_text())["packages"]
        assert not [name for name, package in packages.items() if name and "integrity" not in package]
