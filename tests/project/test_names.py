"""Names that completion reads from the text of manifests."""

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from reconciler.manifests import load
from reconciler.project.names import environments, environments_with_state, manifests

ROOT = Path(__file__).parents[2] / "manifests"


def written(folder: Path, **files: str) -> Path:
    (folder / "project.yaml").write_text("kind: Project\nmetadata: {name: acme}\n")
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


def test_names_of_the_sample_are_those_of_its_manifests():
    loaded = load(ROOT, env="staging")
    found = {(resource.kind.name, resource.address.name) for resource in loaded.resources}
    assert set(manifests(ROOT)) - {("Project", "brightwater")} == found
    assert sorted(environments(ROOT)) == sorted(loaded.project.spec.environments)


@pytest.mark.parametrize(
    "text",
    [
        "kind: Assistant\nmetadata: {name: desk}\n",
        "kind: Assistant\nmetadata: {labels: {a: b}, name: desk}\n",
        '"kind": \'Assistant\'\n"metadata":\n    "name": \'desk\'  # the desk\n',
        "metadata:\n  # first\n\n  labels:\n    team: a\n  name: desk\nspec: {name: other}\nkind: Assistant\n",
        "kind: Assistant\nmetadata:\n  labels:\n    name: other\n  name: desk\n",
        "# head\n---\r\nkind: Assistant\r\nmetadata:\r\n  name: desk\r\n",
        "\ufeffkind: Assistant\nmetadata:\n  name: desk",
        "apiVersion: a/v1\nkind: Assistant\nmetadata:\n    name: desk  # the desk\n    labels: {name: other}\n",
        "apiVersion: reconciler/v1\nkind: Assistant\nmetadata: {name: desk, labels: {name: other}}\n",
        "kind: Assistant\nmetadata:\n  name: 'desk'\n",
        "kind: Assistant\nmetadata:\n  name: desk",
    ],
)
def test_name_is_found_in_every_usual_layout(tmp_path, text):
    found = manifests(written(tmp_path, a=text))
    assert [one for one in found if one[0] != "Project"] == [("Assistant", "desk")]


def test_every_document_of_every_file_has_a_name(tmp_path):
    written(
        tmp_path,
        a="kind: A\nmetadata: {name: x}\n---\nkind: B\nmetadata: {name: y}\n",
        b="kind: C\nmetadata:\n  name: z\n",
    )
    hidden = tmp_path / ".reconciler"
    hidden.mkdir()
    (hidden / "c.yaml").write_text("kind: D\nmetadata: {name: w}\n")
    assert [one[1] for one in manifests(tmp_path)] == ["x", "y", "z", "acme"]


@pytest.mark.parametrize(
    "text", ["", "a: [\n", "kind: A\n", "metadata: {name: x}\n", "kind: A\nmetadata:\nspec: {name: x}\n"]
)
def test_other_texts_have_no_name(tmp_path, text):
    assert [one for one in manifests(written(tmp_path, a=text)) if one[0] != "Project"] == []


def test_markdown_with_front_matter_has_the_name_in_it(tmp_path):
    root = written(tmp_path, b="kind: B\nmetadata: {name: y}\n")
    body = "---\nkind: C\nmetadata: {name: z}\n---\n"
    (root / "a.md").write_text("---\nkind: A\nmetadata:\n  name: x\n---\n" + body)
    (root / "README.md").write_text("# Read me\n" + body)
    assert [one[1] for one in manifests(root)] == ["x", "y", "acme"]


def test_names_below_a_long_text_are_found(tmp_path):
    text = "kind: A\nmetadata: {name: x}\nspec:\n  text: " + "word " * 30_000 + "\n---\nkind: B\nmetadata: {name: y}\n"
    assert [one[1] for one in manifests(written(tmp_path, a=text))] == ["x", "y", "acme"]


@pytest.mark.parametrize(
    "spec",
    [
        "  environments:\n    staging: {variables: {x: 1}}\n    # two\n\n    production: {}\n  state: {}\n",
        "  environments: {staging: {variables: {x: 1, y: [a, b]}}, production: {}}\n  defaults: {target: agents}\n",
        "  environments: {\n    staging: {},\n    'production': {openai_project: p},\n  }\n",
        '  "environments":\n      "staging":\n      production: {}\n',
    ],
)
def test_environments_are_the_keys_of_their_mapping(tmp_path, spec):
    (tmp_path / "project.yaml").write_text(f"kind: Project\nmetadata: {{name: acme}}\nspec:\n{spec}")
    assert environments(tmp_path) == ["staging", "production"]


def test_no_project_has_no_names(tmp_path):
    assert (list(manifests(tmp_path)), environments(tmp_path)) == ([], [])
    assert environments(written(tmp_path)) == []


def opened(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Return a counter of the files that are opened, by name; fails if one is opened to be written."""
    found = Counter[str]()
    real = os.open

    def counted(path: Any, flags: int, *args: Any, **options: Any) -> int:
        assert flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) == 0
        found[os.path.basename(path)] += 1  # noqa: PTH119 - of a text or a path
        return real(path, flags, *args, **options)

    monkeypatch.setattr(os, "open", counted)
    return found


def test_each_manifest_is_opened_once_and_other_files_are_not(tmp_path, monkeypatch):
    root = written(tmp_path, a="kind: A\nmetadata: {name: x}\n", b="kind: B\nmetadata: {name: y}\n")
    (root / "c.md").write_text("---\nkind: C\nmetadata: {name: z}\n---\n")
    (root / "README.md").write_text("# Read me\n")
    (root / "data.json").write_text("{}")
    (root / ".reconciler").mkdir()
    (root / ".reconciler/state.json").write_text("{}")
    found = opened(monkeypatch)
    assert len(list(manifests(root))) == 4
    # Whether a Markdown file is a manifest is seen at its start.
    assert found == {"project.yaml": 1, "a.yaml": 1, "b.yaml": 1, "c.md": 2, "README.md": 1}


def test_environments_open_no_manifest(tmp_path, monkeypatch):
    root = written(tmp_path, a="kind: A\nmetadata: {name: x}\n")
    found = opened(monkeypatch)
    assert environments(root) == []
    assert found == {"project.yaml": 1}


def test_broken_and_unreadable_files_hide_no_other_names(tmp_path):
    root = written(tmp_path, a="kind: [\n", b="kind: B\nmetadata: {name: y}\n", c="\0")
    (root / "d.yaml").write_bytes(b"\xff\xfe kind")
    (root / "e.yaml").symlink_to("nowhere")
    (root / "f.yaml").mkdir()
    os.mkfifo(root / "g.yaml")
    assert [one[1] for one in manifests(root)] == ["y", "acme"]


def test_environments_that_only_have_a_local_state_are_found(tmp_path):
    written(tmp_path)
    for path in ("acme/staging/state.json", "acme/test/journal/00000001.json", "acme/journal/00000001.json"):
        file = tmp_path / ".reconciler/state" / path
        file.parent.mkdir(parents=True)
        file.write_text("{}")
    (tmp_path / ".reconciler/state/acme/empty").mkdir()
    assert sorted(environments_with_state(tmp_path)) == ["staging", "test"]
