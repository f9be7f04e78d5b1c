"""The line that names the schema for editors, relative to each manifest, if there is a schema."""

from pathlib import Path

import pytest

from reconciler.manifests import load
from reconciler.manifests.drafts import Draft
from reconciler.manifests.writing import SCHEMA_FILE, modeline, schema_around, write_drafts

PROJECT = Draft("Project", "acme", {})
STORE = Draft("VectorStore", "handbook", {"files": ["kb/*.md"]}, comment="Imported.", included={"kb/a.md": "A"})
START = "# yaml-language-server: $schema="


def first_line(path: Path) -> str:
    return path.read_text().splitlines()[0]


def with_schema(folder: Path) -> Path:
    schema = folder / SCHEMA_FILE
    schema.parent.mkdir(parents=True)
    schema.write_text("{}")
    return schema


@pytest.mark.parametrize(
    ("manifest", "path"),
    [
        ("project.yaml", SCHEMA_FILE),
        ("stores/handbook.yaml", f"../{SCHEMA_FILE}"),
        ("teams/network/assistants/desk.yaml", f"../../../{SCHEMA_FILE}"),
    ],
)
def test_modeline_of_a_nested_manifest_has_a_relative_path(tmp_path, manifest, path):
    assert modeline(tmp_path / manifest, tmp_path / SCHEMA_FILE) == f"{START}{path}\n"


def test_schema_around_finds_one_that_projects_of_a_repository_share(tmp_path):
    (tmp_path / ".git").mkdir()
    shared = with_schema(tmp_path)
    project = tmp_path / "bots" / "acme"
    project.mkdir(parents=True)
    assert schema_around(project) == shared
    assert schema_around(tmp_path) == shared
    own = with_schema(project)
    assert schema_around(project) == own


def test_schema_around_stays_inside_the_repository(tmp_path):
    with_schema(tmp_path)
    project = tmp_path / "repository" / "project"
    project.mkdir(parents=True)
    (tmp_path / "repository" / ".git").mkdir()
    assert schema_around(project) is None


def test_new_project_gets_the_schema_and_each_manifest_names_it(tmp_path):
    made = write_drafts(tmp_path, [STORE], project=PROJECT, schema=b'{"title": "Schema"}')
    assert [path.as_posix() for path in made] == ["project.yaml", "stores/handbook.yaml", "kb/a.md", SCHEMA_FILE]
    assert first_line(tmp_path / "project.yaml") == f"{START}{SCHEMA_FILE}"
    assert (tmp_path / "stores/handbook.yaml").read_text().startswith(f"{START}../{SCHEMA_FILE}\n# Imported.\n")
    assert (tmp_path / "kb/a.md").read_text() == "A\n"
    assert (tmp_path / SCHEMA_FILE).read_bytes() == b'{"title": "Schema"}'
    assert load(tmp_path, env=None).problems == ()


def test_new_project_below_a_shared_schema_uses_that(tmp_path):
    (tmp_path / ".git").mkdir()
    with_schema(tmp_path)
    write_drafts(tmp_path / "acme", [STORE], project=PROJECT, schema=b"other")
    assert first_line(tmp_path / "acme/stores/handbook.yaml") == f"{START}../../{SCHEMA_FILE}"
    assert not (tmp_path / "acme" / SCHEMA_FILE).exists()
    assert (tmp_path / SCHEMA_FILE).read_text() == "{}"


def test_existing_project_without_a_schema_gets_neither(tmp_path):
    write_drafts(tmp_path, [STORE])
    assert first_line(tmp_path / "stores/handbook.yaml") == "# Imported."
    assert not (tmp_path / SCHEMA_FILE).exists()


def test_schema_file_is_not_a_manifest_and_not_matched_by_globs(tmp_path):
    every = Draft("VectorStore", "all", {"files": ["**/*.json"]}, included={"kb/a.json": "{}"})
    write_drafts(tmp_path, [every], project=PROJECT, schema=b"{}")
    loaded = load(tmp_path, env=None)
    assert loaded.problems == ()
    assert loaded.files.glob("**/*.json") == ["kb/a.json"]
