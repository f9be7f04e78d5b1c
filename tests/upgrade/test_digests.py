"""Digests and labels: made anew from the same manifests, they are what version 893cbbb wrote."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from reconciler.resources.labels import is_lineage
from tests.upgrade.conftest import API, DATA, STATE, Cli, Restore, labels, marks, pins, read

PROJECTS = [
    pytest.param("acme", "acme", [("--env", "staging"), ("--env", "production")], id="acme"),
    pytest.param("globex", "globex/applied", [()], id="globex"),
]


def into_git(root: Path) -> None:
    """A release names the blobs of the files that Git keeps."""
    environ = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    for words in (("init", "--quiet"), ("add", "--all")):
        subprocess.run(["git", *words], cwd=root, env=environ, check=True)


def release(file: Path) -> dict[str, object]:
    found: dict[str, object] = YAML(typ="safe", pure=True).load(file)
    return found


@pytest.mark.parametrize(
    ("chatbot", "number", "words"),
    [("support", 3, ("-m", "Shorter")), ("hotline", 2, ("--vendor", "-m", "Level 3"))],
)
def test_a_release_of_the_same_content_is_the_same(cli: Cli, restore: Restore, chatbot, number, words):
    root = restore("acme")
    file = root / "releases" / chatbot / f"v{number}.yaml"
    kept = release(file)
    vendored = sorted(path.name for path in (root / "releases" / "files").iterdir())
    file.unlink()
    if "--vendor" in words:
        shutil.rmtree(root / "releases" / "files")
    into_git(root)
    made = cli("release", chatbot, *words)
    assert made.code == 0, made.err
    assert release(file) == kept
    assert kept["spec"]["digest"] == pins()["releases"]["acme"][f"release/{chatbot}@{number}"]  # type: ignore[index]
    assert sorted(path.name for path in (root / "releases" / "files").iterdir()) == vendored


@pytest.mark.parametrize(("project", "name", "environments"), PROJECTS)
def test_bundles_and_labels_made_from_nothing_are_the_same(cli: Cli, restore: Restore, project, name, environments):
    root = restore(name)
    for folder in (STATE, Path(".reconciler", "bundles"), Path("published")):
        shutil.rmtree(root / folder)
    for file in (root / API.parent).glob(f"{API.name}*"):
        file.unlink()
    for words in environments:
        applied = cli("apply", "--yes", *words)
        assert applied.code == 0, applied.err
    pinned = pins()
    # What left the manifests with `keep_on_delete` stays published.
    kept = {key for key in pinned["bundles"][project] if key.endswith("/assistant/keeper.json")}
    published = {
        file.relative_to(root / "published").as_posix(): read(file)["blob"]
        for file in (root / "published").rglob("*.json")
        if file.parent.name != "blobs"
    }
    assert published == {key: blob for key, blob in pinned["bundles"][project].items() if key not in kept}
    made = labels(root)
    for pairs in made.values():  # version 893cbbb has no lineages
        protected, _, lineage = pairs["reconciler-protected"].partition(" ")
        assert is_lineage(lineage)
        pairs["reconciler-protected"] = protected
    assert made == pinned["labels"][project]
    assert marks(root) == pinned["marks"][project]


@pytest.mark.parametrize(("project", "name", "environments"), PROJECTS)
def test_releases_have_the_digests_they_say(cli: Cli, restore: Restore, project, name, environments):
    """`validate` finds a release whose content is not what its digest is of."""
    root = restore(name)
    found = {
        f"release/{file.parent.name}@{file.stem[1:]}": release(file)["spec"]["digest"]  # type: ignore[index]
        for file in (root / "releases").glob("*/v*.yaml")
    }
    assert found == pins()["releases"][project]
    for words in environments:
        assert cli("validate", *words).code == 0


def test_blobs_are_the_same_bytes(cli: Cli, restore: Restore):
    root = restore("globex/applied")
    shutil.rmtree(root / "published")
    shutil.rmtree(root / ".reconciler")
    assert cli("apply", "--yes").code == 0
    kept = DATA / "globex" / "applied" / "bundles" / "globex" / "blobs"
    for blob in (root / "published" / "globex" / "blobs").iterdir():
        assert blob.read_bytes() == (kept / blob.name).read_bytes()
