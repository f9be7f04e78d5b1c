import os
import stat
import threading

import pytest

from reconciler.bundles.outlets import DirectoryOutlet


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
