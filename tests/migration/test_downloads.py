"""Places of downloaded files."""

import unicodedata

import pytest
from hypothesis import example, given, strategies as st

from reconciler.manifests.folder import UNNAMEABLE
from reconciler.manifests.tree import walk
from reconciler.migration.downloads import FOLDER, Downloads, safe_name
from reconciler.resources.address import composed


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("handbook.md", "handbook.md"),
        ("Claims 2026 (final).pdf", "Claims 2026 (final).pdf"),
        ("Schäden.md", "Schäden.md"),
        (unicodedata.normalize("NFD", "Schäden.md"), "Schäden.md"),
        ("../../x.md", "x.md"),
        ("a\\b.md", "b.md"),
        ("..", "file-1"),
        ("", "file-1"),
        ("___", "___"),
        ("📎", "_"),
        (".gitignore", "gitignore"),
        ("-rf.md", "rf.md"),
        ("project.yaml", "project-yaml.txt"),
        ("x.YML", "x-YML.txt"),
        ("x.yaml.txt", "x-yaml.txt"),
        ("x.yaml.md", "x.yaml.md"),
        ("a\nb\x00.md", "a_b_.md"),
        ("x.md. ", "x.md"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("com1.tar.gz", "_com1.tar.gz"),
        ("contract.md", "contract.md"),
    ],
)
def test_a_file_name_becomes_a_safe_one(name, expected):
    assert safe_name(name, "file-1") == expected


@given(st.text(max_size=300))
@example("a" * 400 + ".md")
@example("ä" * 300)
@example("x.yaml.yaml")
@example("x.yaml.bak.yml")
def test_every_name_is_visible_one_file_and_no_manifest(name):
    made = safe_name(name, "file-1")
    assert made == composed(made)
    assert not UNNAMEABLE.search(made)
    assert not made.startswith((".", "-", "~", " "))
    assert not set(made) & set('/\\*?[]:|"<>$`')
    assert len(made.encode()) <= 200
    assert safe_name(made, "x") == made


@given(st.text(max_size=30))
@example("x.yaml")
@example("x.yaml.txt")
@example("x.yml. ")
def test_no_file_is_read_as_a_manifest_or_reported_as_one(tmp_path_factory, name):
    root = tmp_path_factory.mktemp("project")
    (root / safe_name(name, "file-1")).write_bytes(b"x")
    tree = walk(root)
    assert (tree.manifests(), tree.skipped, tree.unreadable) == ([], [], [])


class TestPlaces:
    @pytest.fixture
    def place(self, tmp_path):
        downloads = Downloads(tmp_path, tmp_path)

        def place(id_: str, name: str, content: bytes | None = None) -> str:
            answer = downloads._kept(name, len(downloads.contents), content or id_.encode())
            found = downloads._placed(id_, answer)
            return found.path.removeprefix(f"{FOLDER}/")

        return place

    def test_equal_names_are_kept_apart_with_the_name_that_searches_cite(self, place):
        assert [place(f"file-{number}", "a.md") for number in range(3)] == ["a.md", "file-1/a.md", "file-2/a.md"]

    def test_equal_names_with_one_content_have_one_place(self, place):
        assert [place(f"file-{number}", "a.md", b"x") for number in range(3)] == ["a.md"] * 3

    def test_names_that_differ_in_case_are_equal(self, place):
        assert [place("file-1", "a.md"), place("file-2", "A.MD")] == ["a.md", "file-2/A.MD"]

    def test_a_file_with_the_name_of_a_folder_is_kept_apart(self, place):
        assert [place("file-1", "a.md"), place("file-2", "a.md")] == ["a.md", "file-2/a.md"]
        assert place("file-3", "file-2") == "file-3/file-2"

    def test_a_folder_with_the_name_of_a_file_is_kept_apart(self, place):
        assert [place("file-1", "file-3"), place("file-2", "a.md")] == ["file-3", "a.md"]
        assert place("file-3", "a.md") == "file-3-2/a.md"

    def test_a_file_of_the_project_with_the_same_content_is_used(self, place, tmp_path):
        (tmp_path / FOLDER).mkdir()
        (tmp_path / FOLDER / "a.md").write_bytes(b"x")
        assert place("file-1", "a.md", b"x") == "a.md"
        assert place("file-2", "a.md", b"y") == "file-2/a.md"
