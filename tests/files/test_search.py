"""The search for the project folder and its YAML files."""

from pathlib import Path

import pytest

from reconciler.files.search import manifest_files, project_around


def write(root: Path, *names: str) -> None:
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")


@pytest.mark.parametrize("start", [".", "bots", "bots/prompts"])
def test_project_is_found_at_or_above_a_folder(tmp_path, start):
    write(tmp_path, "project.yaml", "bots/prompts/a.md")
    assert project_around(tmp_path / start) == tmp_path


def test_project_is_found_in_manifests(tmp_path):
    write(tmp_path, "manifests/project.yaml")
    assert project_around(tmp_path) == tmp_path / "manifests"


def test_project_above_the_repository_is_not_found(tmp_path):
    write(tmp_path, "project.yaml", "repository/.git/HEAD")
    assert project_around(tmp_path / "repository") is None


def test_manifest_files_are_listed_without_hidden_and_linked_folders(tmp_path):
    write(tmp_path, "b.yaml", "a/c.yml", "a/d.json", ".hidden.yaml", ".reconciler/e.yaml", "elsewhere/f.yaml")
    (tmp_path / "a" / "link").symlink_to(tmp_path / "elsewhere")
    found = [Path(file).relative_to(tmp_path).as_posix() for file in manifest_files(tmp_path)]
    assert found == ["b.yaml", "a/c.yml", "elsewhere/f.yaml"]


def test_folders_with_names_of_files_are_searched_and_linked_files_are_listed(tmp_path):
    write(tmp_path, "old.yaml/a.yaml", "b.yaml")
    (tmp_path / "c.yaml").symlink_to(tmp_path / "b.yaml")
    (tmp_path / "d.yaml").symlink_to(tmp_path / "nothing")
    (tmp_path / "e.yaml").symlink_to(tmp_path / "old.yaml")
    found = [Path(file).relative_to(tmp_path).as_posix() for file in manifest_files(tmp_path)]
    assert found == ["b.yaml", "c.yaml", "d.yaml", "old.yaml/a.yaml"]


def test_missing_folder_has_no_files(tmp_path):
    assert list(manifest_files(tmp_path / "nowhere")) == []
