"""Tests of the digest of the code of Reconciler."""

from pathlib import Path

import pytest

from reconciler.files.own_code import digest_of


@pytest.fixture(autouse=True)
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("reconciler.__file__", str(tmp_path / "first" / "__init__.py"))
    return tmp_path


def digest_with(top: Path, name: str, changed: dict[str, str]) -> str:
    """Return the digest of two packages in the folder `name`, with files that are added or changed."""
    folder = top / name
    for path, text in {"live/a.py": "a", "live/kinds/b.py": "b", "planning/c.py": "c", **changed}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reconciler.__file__", str(folder / "__init__.py"))
        return digest_of("live", "planning")


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"live/a.py": "A"}, id="a changed file"),
        pytest.param({"live/kinds/b.py": "B"}, id="a changed file in a package below"),
        pytest.param({"planning/d.py": ""}, id="a new file"),
    ],
)
def test_another_source_makes_another_digest(top: Path, changed):
    assert digest_with(top, "other", changed) != digest_with(top, "same", {})


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"live/__pycache__/a.pyc": "A"}, id="bytecode"),
        pytest.param({"reports/a.py": "A"}, id="another package"),
    ],
)
def test_other_files_and_another_place_make_the_same_digest(top: Path, changed):
    assert digest_with(top, "other", changed) == digest_with(top, "same", {})


def test_packages_without_sources_have_no_digest(top: Path):
    (top / "first" / "live").mkdir(parents=True)
    assert digest_of("live", "planning") == ""
