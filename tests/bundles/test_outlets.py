import os
import stat
import threading
from pathlib import Path

import pytest

from reconciler.bundles.outlets import DirectoryOutlet
from tests.support.file_operations import Dead, before_each, dying


def test_what_is_written_is_read(outlet):
    assert outlet.read("acme/chatbot/support.json") is None
    outlet.write("acme/chatbot/support.json", b"one")
    outlet.write("acme/chatbot/support.json", b"two")
    assert outlet.read("acme/chatbot/support.json") == b"two"


def test_keys_are_listed_by_prefix(outlet):
    assert outlet.list("acme/") == []
    for key in ("acme/chatbot/b.json", "acme/chatbot/a.json", "acme/blobs/1.json", "acme2/chatbot/a.json"):
        outlet.write(key, b"")
    assert outlet.list("acme/") == ["acme/blobs/1.json", "acme/chatbot/a.json", "acme/chatbot/b.json"]
    assert outlet.list("acme/chatbot/a") == ["acme/chatbot/a.json"]
    assert outlet.list("ac") == sorted(outlet.list(""))


def test_list_unreadable_folder_is_an_error(tmp_path, monkeypatch):
    directory = DirectoryOutlet(tmp_path)
    directory.write("acme/chatbot/a.json", b"")
    scandir = os.scandir

    def locked(path):
        if str(path).endswith("chatbot"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", locked)
    with pytest.raises(PermissionError):
        directory.list("acme/")


def test_delete_missing_document_is_ignored(outlet):
    outlet.write("acme/a.json", b"")
    outlet.delete("acme/a.json")
    outlet.delete("acme/a.json")
    outlet.delete("nowhere/a.json")
    assert outlet.list("") == []


@pytest.mark.parametrize(
    "key", ["../a", "a/../../b", "/etc/passwd", "", "a//b", "a/.", ".hidden", "a\\b", "a\0b", "a/"]
)
def test_key_outside_the_folder_is_rejected(outlet, key):
    for use in (outlet.read, outlet.delete, lambda key: outlet.write(key, b"")):
        with pytest.raises(ValueError, match="not a valid outlet key"):
            use(key)


def test_link_outside_the_folder_is_rejected(outlet, tmp_path):
    outlet.root.mkdir()
    (tmp_path / "secret.json").write_bytes(b"secret")
    (outlet.root / "acme").symlink_to(tmp_path)
    with pytest.raises(OSError, match="a link leads out of the outlet"):
        outlet.read("acme/secret.json")


def test_applications_of_other_users_can_read_it(outlet):
    before = os.umask(0o022)
    try:
        outlet.write("acme/a.json", b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE((outlet.root / "acme/a.json").stat().st_mode) == 0o644


def test_a_failed_write_leaves_the_old_document_and_nothing_else(outlet, monkeypatch):
    outlet.write("acme/a.json", b"old")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        outlet.write("acme/a.json", b"new")
    assert outlet.read("acme/a.json") == b"old"
    assert [path.name for path in (outlet.root / "acme").iterdir()] == ["a.json"]


def test_concurrent_readers_see_whole_documents(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    outlet = DirectoryOutlet(tmp_path)
    versions = [bytes([number]) * 200_000 for number in range(8)]
    outlet.write("acme/a.json", versions[0])
    seen: set[bytes | None] = set()
    done = threading.Event()

    def watch():
        while not done.is_set():
            seen.add(outlet.read("acme/a.json"))
            assert outlet.list("acme/") == ["acme/a.json"]

    reader = threading.Thread(target=watch)
    reader.start()
    for version in versions * 10:
        outlet.write("acme/a.json", version)
    done.set()
    reader.join()
    assert seen <= set(versions)


class TestDrafts:
    """Drafts that killed processes left in the folder of an outlet."""

    def killed(self, outlet: DirectoryOutlet, key: str) -> Path:
        with pytest.raises(Dead), before_each(dying(2)):
            outlet.write(key, b"{}")
        (draft,) = (file for file in outlet.root.rglob(".*") if file.is_file())
        return draft

    def test_next_write_in_the_folder_removes_them(self, tmp_path):
        (tmp_path / "acme/blobs").mkdir(parents=True)
        self.killed(DirectoryOutlet(tmp_path), "acme/blobs/1.json")
        DirectoryOutlet(tmp_path).write("acme/blobs/2.json", b"{}")
        assert [file.name for file in (tmp_path / "acme/blobs").iterdir()] == ["2.json"]

    def test_withdrawal_removes_them(self, tmp_path):
        (tmp_path / "acme/chatbot").mkdir(parents=True)
        self.killed(DirectoryOutlet(tmp_path), "acme/chatbot/support.json")
        DirectoryOutlet(tmp_path).delete("acme/chatbot/support.json")
        assert list((tmp_path / "acme/chatbot").iterdir()) == []

    def test_sweep_removes_them_from_the_folders_of_the_project_only(self, tmp_path):
        for folder in ("acme/blobs", "acme/production/blobs", "other/blobs"):
            (tmp_path / folder).mkdir(parents=True)
        drafts = [self.killed(DirectoryOutlet(tmp_path), "acme/production/blobs/1.json")]
        DirectoryOutlet(tmp_path).sweep("acme")
        assert not drafts[0].exists()
        other = self.killed(DirectoryOutlet(tmp_path), "other/blobs/1.json")
        DirectoryOutlet(tmp_path).sweep("acme")
        assert other.exists()

    def test_those_of_earlier_versions_are_removed_after_an_hour(self, tmp_path):
        new, old = (tmp_path / f".bot.json.{digit * 16}" for digit in "01")
        mine = tmp_path / ".bot.json.backup"
        for file in (new, old, mine):
            file.touch()
        for file in (old, mine):
            os.utime(file, (0, 0))
        DirectoryOutlet(tmp_path).write("bot.json", b"{}")
        assert {file.name for file in tmp_path.iterdir()} == {"bot.json", new.name, mine.name}

    def test_folder_is_swept_once(self, tmp_path, monkeypatch):
        """A folder of blobs may have thousands of files."""
        swept: list[Path] = []
        monkeypatch.setattr("reconciler.bundles.outlets.sweep", swept.append)
        outlet = DirectoryOutlet(tmp_path)
        for number in range(3):
            outlet.write(f"acme/blobs/{number}.json", b"{}")
        assert swept == [tmp_path / "acme/blobs"]
