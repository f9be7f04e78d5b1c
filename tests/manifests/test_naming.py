"""Comments with the names of live objects beside their ids, by example."""

import pytest

from reconciler.manifests.editing.naming import with_id_names

HEAD = "apiVersion: reconciler/v1\nkind: Thing\nspec:\n"
NAMES = {"file-a": "a.md", "file-b": "b #1.md", "vs_1": "Handbook\nof all", "file-old": "old.md"}


def named(spec: str, before: str = "", path: str = "x.yaml") -> str:
    return with_id_names(HEAD + spec, HEAD + before, path, NAMES).removeprefix(HEAD)


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ("  files:\n    - file-a\n    - kb/x.md\n", "  files:\n    - file-a  # a.md\n    - kb/x.md\n"),
        ("  files:\n    - path: file-b\n      a: 1\n", "  files:\n    - path: file-b  # b #1.md\n      a: 1\n"),
        ("  files: [file-a, 'file-b']\n", "  files: [file-a, 'file-b']  # a.md, b #1.md\n"),
        ("  files: [\n    file-a,\n    x]\n", "  files: [\n    file-a,  # a.md\n    x]\n"),
        ("  store: vs_1", "  store: vs_1  # Handbook\\nof all"),
        ("  store: vs_1\r\n  a: 1\r\n", "  store: vs_1  # Handbook\\nof all\r\n  a: 1\r\n"),
    ],
)
def test_new_ids_get_the_name(spec, wanted):
    assert named(spec) == wanted


@pytest.mark.parametrize(
    "spec",
    [
        "  files:\n    - file-a  # ours\n",
        "  text: file-a and more\n",
        "  text: |\n    file-a\n  b: 1\n",
        "  a: [file-a, 'b\n    c']\n",
        "  file-a: 1\n",
    ],
)
def test_other_lines_are_unchanged(spec):
    assert named(spec) == spec


def test_ids_that_were_there_before_are_unchanged():
    spec = "  files:\n    - file-old\n    - file-a\n"
    assert named(spec, "  files:\n    - file-old\n") == "  files:\n    - file-old\n    - file-a  # a.md\n"


def test_json_is_unchanged():
    text = '{"apiVersion": "reconciler/v1", "kind": "Thing",\n "spec": {"file": "file-a"}}\n'
    assert with_id_names(text, "", "x.yaml", NAMES) == text
    assert with_id_names('["file-a"]\n', "", "x.json", NAMES) == '["file-a"]\n'


def test_only_the_front_matter_of_markdown_is_changed():
    text = f"---\n{HEAD}  file: file-a\n---\nAsk file-a.\n- file-b\n"
    wanted = f"---\n{HEAD}  file: file-a  # a.md\n---\nAsk file-a.\n- file-b\n"
    assert with_id_names(text.replace("Thing", "Assistant"), "", "x.md", NAMES) == wanted.replace("Thing", "Assistant")
