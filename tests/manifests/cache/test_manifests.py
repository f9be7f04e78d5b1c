"""Manifests from the cache: what is not read again, what is, and what the cache does not have."""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.manifests import Loaded, load, parsing
from reconciler.manifests.cache import file_hashes, manifests, segments
from reconciler.manifests.cache.deferred import DeferredResource
from reconciler.operations.offline import planned_offline
from reconciler.project.workspace import Workspace
from reconciler.resources.address import Address

AGENT = """\
apiVersion: reconciler/v1
kind: Assistant
metadata: {name: %s, labels: {team: support}}
spec: {target: agents, model: gpt-6-luna, instructions: %s}
"""
STORE = """\
apiVersion: reconciler/v1
kind: VectorStore
metadata: {name: handbook}
spec: {files: [kb/*.md]}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout" / "project"
    for name in ("assistants", "kb", "prompts"):
        (folder / name).mkdir(parents=True)
    write(folder / "project.yaml", "apiVersion: reconciler/v1\nkind: Project\nmetadata: {name: acme}\n")
    write(folder / "assistants/a.yaml", AGENT % ("a", "Be kind."))
    write(folder / "assistants/b.yaml", AGENT % ("b", "{$file: prompts/b.md}"))
    write(folder / "prompts/b.md", "Be brief.\n")
    write(folder / "store.yaml", STORE)
    write(folder / "kb/one.md", "# One\n")
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def write(path: Path, text: str) -> None:
    """Write a file that was last changed some time ago."""
    path.write_text(text)
    os.utime(path, (time.time() - 60,) * 2)


def parsed_files(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that gets the name of every file that is parsed."""
    found: list[str] = []
    parse_document = parsing.parse_document

    def noted(text: str, file: str, *args: Any) -> Any:
        found.append(file)
        return parse_document(text, file, *args)

    monkeypatch.setattr(parsing, "parse_document", noted)
    return found


def objects(loaded: Loaded) -> dict[str, Any]:
    return {str(one.address): one.fields for one in Workspace(loaded, "embedded", {}).desired.values()}


def parsed_by(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Load a project and read its objects, and return the names of the files that were parsed for it."""
    with monkeypatch.context() as patch:
        found = parsed_files(patch)
        objects(load(root, env=None, cache=cache))
    return [file for file in found if file != "project.yaml"]


def test_unchanged_manifests_are_not_parsed(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch):
    assert parsed_by(root, cache, monkeypatch) == ["assistants/a.yaml", "assistants/b.yaml", "store.yaml"]
    assert parsed_by(root, cache, monkeypatch) == []


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("assistants/a.yaml", AGENT % ("a", "Be short."), ["assistants/a.yaml"]),
        ("prompts/b.md", "Be long.\n", ["assistants/b.yaml"]),
        ("kb/one.md", "# Other\n", ["store.yaml"]),
        ("kb/two.md", "# Two\n", ["store.yaml"]),
        ("other.txt", "Nothing uses it.", []),
        (
            "project.yaml",
            "apiVersion: reconciler/v1\nkind: Project\nmetadata: {name: acme}\nspec: {variables: {a: 1}}\n",
            ["assistants/a.yaml", "assistants/b.yaml", "store.yaml"],
        ),
    ],
)
def test_only_manifests_that_depend_on_a_change_are_parsed(
    root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, path: str, text: str, expected: list[str]
):
    parsed_by(root, cache, monkeypatch)
    write(root / path, text)

    assert parsed_by(root, cache, monkeypatch) == expected
    assert objects(load(root, env=None, cache=cache)) == objects(load(root, env=None))
    assert parsed_by(root, cache, monkeypatch) == []


def test_plan_parses_no_unchanged_manifest(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch):
    """Neither for the objects, nor for the places of references, nor for checks that compare manifests."""
    search = "tools: [{type: file_search, vector_store_ids: [handbook]}]"
    agent = (AGENT % ("c", "Search.")).replace("target: agents", "target: responses")
    write(root / "assistants/c.yaml", agent.replace("Search.}", f"Search., {search}}}"))
    environ = {"RECONCILER_ENDPOINT": "embedded", "RECONCILER_CACHE_DIR": str(cache)}
    plans = []
    for _ in range(2):
        with monkeypatch.context() as patch:
            found = parsed_files(patch)
            plans.append(planned_offline(root, environ).plan)
        if len(plans) == 2:
            assert {*found} == {"project.yaml"}
    assert [change.address for change in plans[0].changes] == [change.address for change in plans[1].changes]
    assert len(plans[0].changes) == 5


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("assistants/a.yaml", AGENT % ("a", "Edited."), ["assistants/a.yaml"]),
        ("assistants/new.yaml", AGENT % ("new", "Edited."), ["assistants/new.yaml"]),
        ("assistants/a.yaml", "", ["assistants/a.yaml"]),
        ("prompts/b.md", "Edited.\n", ["assistants/b.yaml"]),
        (
            "project.yaml",
            "apiVersion: reconciler/v1\nkind: Project\nmetadata: {name: edited}\n",
            ["assistants/a.yaml", "assistants/b.yaml", "store.yaml"],
        ),
    ],
)
def test_edited_texts_are_read_instead_of_the_files(
    root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, path: str, text: str, expected: list[str]
):
    parsed_by(root, cache, monkeypatch)
    edited = {path: text}
    with monkeypatch.context() as patch:
        found = parsed_files(patch)
        loaded = load(root, env=None, edited=edited, cache=cache)
        assert objects(loaded) == objects(load(root, env=None, edited=edited))
    assert [file for file in found if file != "project.yaml"][: len(expected)] == expected
    assert objects(load(root, env=None, cache=cache)) == objects(load(root, env=None))


def test_removed_environment_has_its_own_entries(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch):
    parsed_by(root, cache, monkeypatch)
    for expected in (["assistants/a.yaml", "assistants/b.yaml", "store.yaml"], []):
        with monkeypatch.context() as patch:
            found = parsed_files(patch)
            loaded = load(root, env="gone", removed=True, cache=cache)
        assert [file for file in found if file != "project.yaml"] == expected
        assert loaded.project.identity.environment == "gone"


def test_changed_copy_of_a_manifest_has_the_objects_of_its_own_spec(root: Path, cache: Path):
    for _ in range(2):
        loaded = load(root, env=None, cache=cache)
        one = loaded.resources[0]
        changed = replace(one, spec=one.spec.model_copy(update={"model": "gpt-6-sol"}))
        assert [found.fields["model"] for found in loaded.desired_of(changed)] == ["gpt-6-sol"]
        assert [found.fields["model"] for found in loaded.desired_of(one)] == ["gpt-6-luna"]
        copied = replace(loaded, resources=(changed, *loaded.resources[1:]))
        assert objects(copied)["assistant/a"]["model"] == "gpt-6-sol"


def test_branches_share_the_entries_of_files_that_are_equal(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch):
    for text in ("On main.", "On a branch."):
        write(root / "assistants/a.yaml", AGENT % ("a", text))
        parsed_by(root, cache, monkeypatch)

    write(root / "assistants/a.yaml", AGENT % ("a", "On main."))
    assert parsed_by(root, cache, monkeypatch) == []


def test_another_version_of_the_code_has_other_entries(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch):
    parsed_by(root, cache, monkeypatch)
    monkeypatch.setattr(manifests, "digest_of", lambda *_: "another version")

    assert len(parsed_by(root, cache, monkeypatch)) == 3


def test_spec_and_places_are_parsed_when_they_are_needed(root: Path, cache: Path):
    load(root, env=None, cache=cache)
    cached, plain = load(root, env=None, cache=cache), load(root, env=None)

    for one, other in zip(cached.resources, plain.resources, strict=True):
        assert one.spec == other.spec
        assert one.written() == other.written()
        assert one.where(("metadata", "name")) == other.where(("metadata", "name"))


def test_removed_cache_is_no_error_while_it_is_used(root: Path, cache: Path):
    load(root, env=None, cache=cache)
    loaded = load(root, env=None, cache=cache)
    for path in cache.rglob("*.bodies"):
        path.unlink()

    assert objects(loaded) == objects(load(root, env=None))


def test_file_that_was_changed_a_moment_ago_is_read_again(root: Path, cache: Path):
    """Its time could be the same after another change."""
    path = root / "kb/one.md"
    path.write_text("# One\n")
    load(root, env=None, cache=cache)
    hashes = file_hashes.FileHashes.below(root, cache)
    assert hashes.known == {}


def test_file_with_the_same_size_and_time_and_another_content_is_read_again(root: Path, cache: Path, monkeypatch):
    monkeypatch.setattr("reconciler.manifests.files.now", lambda: time.time_ns() + 60 * 10**9)
    load(root, env=None, cache=cache)
    assert file_hashes.FileHashes.below(root, cache).known.keys() == {"kb/one.md"}
    path, about = root / "kb/one.md", (root / "kb/one.md").stat()
    path.write_text("# Two\n")
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))

    assert objects(load(root, env=None, cache=cache)) == objects(load(root, env=None))


def test_limits_of_the_project_hold_for_manifests_of_the_cache(root: Path, cache: Path, monkeypatch):
    limit = "reconciler.manifests.cache.manifests.MAX_INCLUDED_NODES"
    load(root, env=None, cache=cache)
    monkeypatch.setattr(limit, -1)

    found = load(root, env=None, cache=cache)
    assert not any(isinstance(one, DeferredResource) for one in found.resources)
    assert objects(found) == objects(load(root, env=None))


def test_secrets_are_not_in_the_cache(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CRM_TOKEN", "hunter2-hunter2")
    write(root / "vault.yaml", "apiVersion: reconciler/v1\nkind: Vault\nmetadata: {name: v}\nspec: {}\n")
    credential = "auth: {type: static_bearer, mcp_server_url: 'https://crm.example.com', token: {$env: CRM_TOKEN}}"
    text = f"apiVersion: reconciler/v1\nkind: Credential\nmetadata: {{name: c}}\nspec: {{vault: v, {credential}}}\n"
    write(root / "credential.yaml", text)

    for _ in range(2):
        loaded = load(root, env=None, cache=cache)
        assert [problem for problem in loaded.problems if problem.severity == "error"] == []
        workspace = Workspace(loaded, "embedded", dict(os.environ))
        secrets = workspace.desired[Address("credential", "c")].secrets
        assert list(secrets.values()) == ["CRM_TOKEN"]
    assert Address("credential", "c") in loaded.objects
    written = b"".join(path.read_bytes() for path in cache.rglob("*") if path.is_file())
    assert b"CRM_TOKEN" in written
    assert b"hunter2" not in written


def test_files_of_the_cache_are_readable_by_their_owner_only(root: Path, cache: Path):
    load(root, env=None, cache=cache)

    modes = {path.stat().st_mode & 0o777 for path in cache.rglob("*") if path.is_file()}
    assert modes == {0o600}
    assert {path.stat().st_mode & 0o777 for path in (cache, *cache.iterdir())} == {0o700}


def _changes(value: Any) -> Iterator[Any]:
    """Yield copies of a JSON value in which one value inside has another type."""
    others: list[Any] = [None, "text", 7, True, [], {}, [[[]]], 1e9]
    if isinstance(value, dict):
        yield from ({**value, key: new} for key, item in value.items() for new in _changes(item))
        yield {**value, "more": 1}
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from ([*value[:at], new, *value[at + 1 :]] for new in _changes(item))
            yield value[:at]
        yield [*value, None]
    yield from (other for other in others if type(other) is not type(value))


def test_entry_with_a_value_of_another_type_is_no_error(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch):
    """Such an entry is not used, or is used where the type does not matter."""
    load(root, env=None, cache=cache)
    read = segments.Segments.read
    original = {key: entry.head for key, entry in read(_segments(cache)).items()}
    for key, head in original.items():
        for changed in _changes(json.loads(json.dumps(head))):

            def patched(self: segments.Segments, key: str = key, changed: Any = changed) -> dict[str, segments.Entry]:
                return {
                    name: segments.Entry(
                        changed if name == key else one.head, one.bodies, one.offset, one.size, one.checksum
                    )
                    for name, one in read(self).items()
                }

            with monkeypatch.context() as patch:
                patch.setattr(segments.Segments, "read", patched)
                patch.setattr(segments.Segments, "add", lambda *_: None)
                load(root, env=None, cache=cache)


def _segments(cache: Path) -> segments.Segments:
    (folder,) = {path.parent for path in cache.rglob("*.index")}
    return segments.Segments(folder)
