"""Files that change while the cache is read or made: the change is found by the next run."""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from reconciler.files import own_code
from reconciler.manifests import Loaded, load, loading
from reconciler.manifests.cache import manifests
from reconciler.manifests.cache.file_hashes import FileHashes
from reconciler.manifests.cache.manifests import ManifestCache
from reconciler.manifests.cache.watching import Questions
from reconciler.manifests.files import Files
from reconciler.manifests.plain import PlainManifests
from reconciler.project.workspace import Workspace

PROJECT = """\
apiVersion: reconciler/v1
kind: Project
metadata: {name: acme}
spec: {defaults: {target: assistants}, variables: {tier: TIER}}
"""
AGENT = """\
apiVersion: reconciler/v1
kind: Assistant
metadata: {name: a, labels: {team: TEAM}}
spec:
  model: gpt-6-luna
  instructions: {$file: prompt.md}
  tools: [{type: code_interpreter}]
  tool_resources: {code_interpreter: {file_ids: [data.csv]}}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    on_branch(folder, "main")
    return folder


FILES = ("project.yaml", "prompt.md", "data.csv", "a.yaml")


def on_branch(root: Path, name: str, files: Sequence[str] = FILES) -> None:
    """Write the files that differ between branches."""
    texts = (PROJECT.replace("TIER", name), f"{name} with ${{var.tier}}\n", f"{name}\n", AGENT.replace("TEAM", name))
    for file, text in zip(FILES, texts, strict=True):
        if file in files:
            (root / file).write_text(text)


def objects(loaded: Loaded) -> dict[str, Any]:
    assert not [one for one in loaded.problems if one.severity == "error"]
    return {str(one.address): (one.fields, one.parts) for one in Workspace(loaded, "embedded", {}).desired.values()}


def change_at(patch: pytest.MonkeyPatch, owner: object, name: str, change: Callable[[], None]) -> None:
    """Change files whenever a function is called, before it runs."""
    real = getattr(owner, name)

    def called(*arguments: Any, **options: Any) -> Any:
        change()
        return real(*arguments, **options)

    patch.setattr(owner, name, called)


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (loading, "read_documents"),
        (loading, "open_project"),
        (PlainManifests, "validated"),
        (ManifestCache, "_restored"),
        (ManifestCache, "add"),
        (ManifestCache, "_built"),
        (ManifestCache, "complete"),
        (ManifestCache, "write"),
        (Files, "_read_hash"),
    ],
)
@pytest.mark.parametrize("is_known", [False, True], ids=["first run", "known"])
@pytest.mark.parametrize("files", [FILES, *((file,) for file in FILES)], ids="+".join)
def test_branch_that_is_checked_out_during_a_load_is_not_taken_for_the_other(
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    owner: object,
    name: str,
    files: Sequence[str],
    is_known: bool,
):
    cache, plain = tmp_path / "cache", objects(load(root, env=None))
    if is_known:
        objects(load(root, env=None, cache=cache))
        (root / "data.csv").write_text("Other.\n")  # the objects are made again
    with monkeypatch.context() as patch:
        change_at(patch, owner, name, lambda: on_branch(root, "branch", files))
        load(root, env=None, cache=cache)

    if is_known:
        on_branch(root, "main", ("project.yaml", "prompt.md", "a.yaml"))
        assert objects(load(root, env=None, cache=cache)) == objects(load(root, env=None))
    for branch in ("main", "branch", "main"):
        on_branch(root, branch, files)
        assert objects(load(root, env=None, cache=cache)) == objects(load(root, env=None))
    on_branch(root, "main")
    assert objects(load(root, env=None, cache=cache)) == plain


def test_question_with_two_answers_in_one_computation_is_not_kept():
    asked = Questions()
    asked.note("read", "data.csv", "main")
    asked.note("read", "data.csv", "main")
    assert asked.is_certain

    asked.note("read", "data.csv", "branch")
    assert not asked.is_certain


def test_code_without_sources_has_no_cache(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """In an archive, all versions would be equal."""
    (tmp_path / "empty").mkdir()
    monkeypatch.setattr("reconciler.__file__", str(tmp_path / "empty" / "__init__.py"))
    assert own_code.digest_of("manifests") == ""
    load(root, env=None, cache=tmp_path / "cache")

    assert not list((tmp_path / "cache").rglob("*.index"))


def test_code_that_changed_since_the_process_began_stores_nothing(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    source = tmp_path / "reconciler" / "manifests" / "a.py"
    source.parent.mkdir(parents=True)
    source.write_text("")
    with monkeypatch.context() as patch:
        patch.setattr("reconciler.__file__", str(source.parents[1] / "__init__.py"))
        assert not own_code.is_as_imported("manifests")
        patch.setattr("reconciler.STARTED", time.time_ns() + 60 * 10**9)
        assert own_code.is_as_imported("manifests")

    answers = iter([True, False])
    with monkeypatch.context() as patch:
        patch.setattr(manifests, "is_as_imported", lambda *_: next(answers))
        load(root, env=None, cache=tmp_path / "cache")
    assert not list((tmp_path / "cache").rglob("*.index"))


def test_hashes_are_trimmed_and_drafts_beside_them_removed(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    cache, other = tmp_path / "cache", tmp_path / "cache" / ("1" * 32)
    monkeypatch.setattr("reconciler.manifests.files.now", lambda: time.time_ns() + 60 * 10**9)
    hashes = FileHashes.below(root, cache)
    hashes.path.parent.mkdir(parents=True, mode=0o700)
    cache.chmod(0o700)
    other.mkdir(mode=0o700)
    (other / "files.hashes").write_bytes(b"x")
    draft = hashes.path.with_name("draft-0123456789abcdef")
    draft.write_bytes(b"x")
    for path in (draft, other):
        os.utime(path, (0, 0))

    load(root, env=None, cache=cache)
    assert hashes.path.exists()
    assert not draft.exists()
    assert not other.exists()

    os.utime(hashes.path.parent, (0, 0))
    load(root, env=None, cache=cache)
    assert hashes.path.parent.stat().st_mtime > 0
