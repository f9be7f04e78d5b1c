"""Folders and files that only their owner can write."""

import os
import sys
from pathlib import Path

import pytest

from reconciler.files.private_folder import (
    create,
    objection,
    open_own,
    read_own,
    remove_old_drafts,
    user_cache,
    write_own,
)


def test_create_makes_a_folder_for_its_owner_only(tmp_path: Path):
    create(tmp_path / "cache" / "project")

    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("cache", "cache/project")] == [0o700, 0o700]
    assert objection(tmp_path / "cache" / "project") == ""


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_folder_that_others_may_write_to_is_refused(tmp_path: Path, mode: int):
    folder = tmp_path / "cache"
    folder.mkdir()
    folder.chmod(mode)

    assert objection(folder) == "it belongs to another user, or other users may write to it"


def test_folder_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)

    assert objection(folder) == "it belongs to another user, or other users may write to it"


def test_link_to_a_folder_is_refused(tmp_path: Path):
    (tmp_path / "cache").symlink_to(tmp_path)

    assert objection(tmp_path / "cache") == "it is a symbolic link"


def test_folder_below_one_that_all_may_write_to_is_refused_unless_they_cannot_replace_it(tmp_path: Path):
    parent = tmp_path / "shared"
    parent.mkdir()
    (parent / "cache").mkdir(mode=0o700)

    parent.chmod(0o777)
    assert objection(parent / "cache") == f"all users may write to {parent}"
    parent.chmod(0o1777)
    assert objection(parent / "cache") == ""


def test_written_file_is_readable_by_its_owner_only(tmp_path: Path):
    path = tmp_path / "one"
    write_own(path, (b"a", b"b"))

    assert path.stat().st_mode & 0o777 == 0o600
    assert read_own(path) == b"ab"
    assert [one.name for one in tmp_path.iterdir()] == ["one"]


@pytest.mark.parametrize("change", ["link", "mode", "folder", "absent"])
def test_file_that_others_could_have_written_is_not_read(tmp_path: Path, change: str):
    path = tmp_path / "one"
    write_own(tmp_path / "other", (b"a",))
    if change == "link":
        path.symlink_to(tmp_path / "other")
    elif change == "mode":
        write_own(path, (b"a",))
        path.chmod(0o620)
    elif change == "folder":
        path.mkdir()

    assert open_own(path) is None
    assert read_own(path) is None


def test_failed_write_leaves_the_file_and_no_draft(tmp_path: Path):
    path = tmp_path / "one"
    write_own(path, (b"before",))

    def parts():
        yield b"after"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_own(path, parts())

    assert path.read_bytes() == b"before"
    assert [one.name for one in tmp_path.iterdir()] == ["one"]


def test_drafts_are_removed_after_a_day(tmp_path: Path):
    for name in ("draft-1", "draft-2", "other"):
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (0, 0))
    os.utime(tmp_path / "draft-2")

    remove_old_drafts(tmp_path)

    assert sorted(one.name for one in tmp_path.iterdir()) == ["draft-2", "other"]


@pytest.mark.skipif(sys.platform != "linux", reason="the folders of Linux")
@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"HOME": "/home/ada"}, Path("/home/ada/.cache/reconciler")),
        ({"HOME": "/home/ada", "XDG_CACHE_HOME": "/var/cache/ada"}, Path("/var/cache/ada/reconciler")),
        ({"HOME": "/home/ada", "XDG_CACHE_HOME": "relative"}, Path("/home/ada/.cache/reconciler")),
        ({"HOME": "relative"}, None),
        ({}, None),
    ],
)
def test_user_cache(environ: dict[str, str], expected: Path | None):
    assert user_cache(environ, "reconciler") == expected
