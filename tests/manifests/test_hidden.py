"""Hidden files that would be manifests under another name."""

import pytest

from reconciler.manifests import hidden, load

STORE = "apiVersion: reconciler/v1\nkind: VectorStore\nmetadata: {name: docs}\nspec: {}\n"
TRIAGE = (
    "---\napiVersion: reconciler/v1\nkind: Assistant\nmetadata: {name: triage}\nspec: {model: gpt-6-luna}\n---\nHi\n"
)
READER = (
    "apiVersion: reconciler/v1\nkind: Assistant\nmetadata: {name: reader}\n"
    "spec: {target: responses, model: gpt-6-luna, tools: [{type: file_search, vector_store_ids: [more]}]}\n"
)


def found(folder) -> list[tuple[str, str, str]]:
    problems = load(folder.root, env=None).problems
    return [(one.severity, str(one.place), one.hint) for one in problems if one.code == "hidden-manifest"]


@pytest.mark.parametrize(
    ("path", "text", "visible"),
    [
        (".store.yaml", STORE, "store.yaml"),
        ("stores/.store.yml", STORE, "stores/store.yml"),
        (".old/store.yaml", STORE, "old/store.yaml"),
        ("stores/.old/deep/store.yaml", STORE, "stores/old/deep/store.yaml"),
        (".old/..triage.md", TRIAGE, "old/triage.md"),
        (".triage.md", TRIAGE, "triage.md"),
        (".store.yaml", "# ours\n---\n" + STORE.replace("\n", "\r\n"), "store.yaml"),
    ],
)
def test_hidden_manifest_is_a_warning_with_its_place_and_the_name_to_give_it(folder, path, text, visible):
    folder.write(path, text)
    hint = f"rename it to `{visible}`, or move it out of the project folder"
    assert found(folder) == [("warning", f"{path}:1:1", hint)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".store.yaml.swp", STORE),
        (".#store.yaml", STORE),
        (".~lock.store.yaml#", STORE),
        (".~store.yaml", STORE),
        ("._store.yaml", STORE),
        (".store.yaml~", STORE),
        (".gitlab-ci.yml", "stages: [plan]\n"),
        (".other.yaml", "apiVersion: v1\nkind: Service\n"),
        (".notes.md", "Use `apiVersion: reconciler/v1`.\n"),
        (".github/store.yaml", STORE),
        (".reconciler/store.yaml", STORE),
        (".env/lib/store.yaml", STORE),
        (".worktrees/x/store.yaml", STORE),
        (".copy/store.yaml", STORE),
    ],
)
def test_files_of_editors_and_of_other_software_are_silent(folder, path, text):
    folder.write(path, text)
    folder.write(".env/pyvenv.cfg", "home = /usr\n")
    folder.write(".worktrees/x/.git", "gitdir: ../../.git/worktrees/x\n")
    folder.write(".copy/project.yaml", STORE)
    assert found(folder) == []


def test_links_are_not_followed(folder):
    folder.write("kb/store.txt", STORE)
    (folder.root / ".store.yaml").symlink_to("kb/store.txt")
    (folder.root / ".kb").symlink_to("kb")
    assert found(folder) == []


def test_search_in_hidden_folders_is_limited(folder, monkeypatch):
    monkeypatch.setattr(hidden, "MAX_HIDDEN", 3)
    for number in range(6):
        folder.write(f".old/{number}.yaml", STORE)
    assert len(found(folder)) <= 3


def test_reference_to_an_object_in_a_hidden_file_names_the_file(folder):
    folder.write(".more.yaml", STORE.replace("docs", "more"))
    folder.write("reader.yaml", READER)
    (one,) = load(folder.root, env=None).dangling
    assert one.problem.hint.startswith(".more.yaml defines it: rename it to `more.yaml`")
