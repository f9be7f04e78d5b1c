"""The folder of the cache: where it is, and when there is none."""

import os
from pathlib import Path

import pytest

from reconciler.project.caching import Cache, cache_of, chosen_cache
from reconciler.resources.problems import Problem, ReconcilerError


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout" / "manifests"
    folder.mkdir(parents=True)
    (tmp_path / "checkout" / ".git").mkdir()
    return folder


def test_default_is_the_cache_folder_of_the_user(project: Path, tmp_path: Path):
    environ = {"HOME": "/nowhere", "XDG_CACHE_HOME": str(tmp_path / "caches")}

    assert cache_of(environ, project) == tmp_path / "caches" / "reconciler"


@pytest.mark.parametrize("value", ["1", "true", "yes"])
def test_no_cache_turns_it_off_even_with_a_folder(project: Path, tmp_path: Path, value: str):
    environ = {"RECONCILER_CACHE_DIR": str(tmp_path / "cache"), "RECONCILER_NO_CACHE": value}

    assert chosen_cache(environ, project) == Cache(None, "RECONCILER_NO_CACHE is set")


def test_in_ci_it_is_off_unless_the_folder_is_named(project: Path, tmp_path: Path):
    environ = {"CI": "true", "XDG_CACHE_HOME": str(tmp_path)}

    assert chosen_cache(environ, project) == Cache(None, "CI is set, and RECONCILER_CACHE_DIR is not")
    named = {**environ, "RECONCILER_CACHE_DIR": str(tmp_path / "cache")}
    assert cache_of(named, project) == tmp_path / "cache"


def test_without_a_home_there_is_none(project: Path):
    assert chosen_cache({}, project) == Cache(None, "the cache folder of the user is unknown")


@pytest.mark.parametrize("place", ["checkout/manifests/cache", "checkout/.cache", "checkout", "link/cache"])
def test_folder_inside_the_repository_is_refused(project: Path, tmp_path: Path, place: str):
    (tmp_path / "link").symlink_to(tmp_path / "checkout")

    with pytest.raises(ReconcilerError) as caught:
        cache_of({"RECONCILER_CACHE_DIR": str(tmp_path / place)}, project)

    assert caught.value.problems[0].code == "bad-cache"
    assert caught.value.problems[0].message.endswith("cannot be used: it is inside the repository")


def test_default_inside_the_repository_is_off(project: Path):
    found = chosen_cache({"HOME": str(project.parent)}, project)

    assert (found.folder, found.reason) == (
        None,
        f"{project.parent}/.cache/reconciler: it is inside the repository",
    )


def test_folder_that_others_may_write_to_is_refused(project: Path, tmp_path: Path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(0o777)

    with pytest.raises(ReconcilerError, match="other users may write to it"):
        cache_of({"RECONCILER_CACHE_DIR": str(tmp_path / "cache")}, project)


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in `manifests` of a checkout without Git, such as an unpacked archive. The command runs elsewhere."""
    folder = tmp_path / "work" / "copy" / "manifests"
    folder.mkdir(parents=True)
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path / "home")
    return folder


def refused(environ: dict[str, str], project: Path) -> bool:
    found: list[Problem] = []
    try:
        cache_of(environ, project)
    except ReconcilerError as error:
        found += error.problems
    assert all(one.message.endswith("it is inside the repository") for one in found)
    return bool(found)


@pytest.mark.parametrize("variable", ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"])
def test_folder_in_what_may_be_a_checkout_without_git_is_refused(
    copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
):
    in_copy = {"RECONCILER_CACHE_DIR": str(copied.parent / "cache"), "HOME": str(tmp_path / "home")}
    above = {**in_copy, "RECONCILER_CACHE_DIR": str(tmp_path / "work" / "cache")}

    assert refused(in_copy, copied)
    assert not refused(above, copied)
    assert refused({**above, variable: str(tmp_path / "work")}, copied)
    monkeypatch.chdir(tmp_path / "work")
    assert refused(above, copied)


def test_home_folder_is_no_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path)
    environ = {"RECONCILER_CACHE_DIR": str(tmp_path / "caches"), "HOME": str(tmp_path)}

    assert not refused(environ, tmp_path / "project")


def test_repository_is_that_of_the_folder_that_a_link_leads_to(project: Path, tmp_path: Path):
    (tmp_path / "link").symlink_to(project)

    assert refused({"RECONCILER_CACHE_DIR": str(project.parent / "cache")}, tmp_path / "link")


def test_repository_is_known_by_its_identity_and_not_by_its_name(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """File systems without case have several names for one folder."""
    (tmp_path / "CHECKOUT").symlink_to(tmp_path / "checkout")
    monkeypatch.setattr(os.path, "realpath", os.path.abspath)

    assert refused({"RECONCILER_CACHE_DIR": str(tmp_path / "CHECKOUT" / "cache")}, project)
