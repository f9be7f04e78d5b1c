import errno
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from reconciler.state import local
from reconciler.state.local import LocalStore
from reconciler.state.store import StoreError, Versioned
from tests.state.contract import SharedStoreContract, StoreContract
from tests.state.stores import MemoryStore


class TestLocalStore(SharedStoreContract):
    @pytest.fixture
    def opener(self, tmp_path):
        return partial(LocalStore, tmp_path / ".reconciler")


class TestMemoryStoreOfTheTests(StoreContract):
    @pytest.fixture
    def opener(self):
        store = MemoryStore()
        return lambda: store


def test_reading_makes_nothing(tmp_path):
    store = LocalStore(tmp_path / ".reconciler")
    assert store.read("state/acme/state.json") is None
    assert store.list("") == []
    assert list(tmp_path.iterdir()) == []


def test_documents_are_files_ignored_by_git(tmp_path):
    LocalStore(tmp_path / ".reconciler").create("state/acme/production/state.json", b"{}")
    assert (tmp_path / ".reconciler/state/acme/production/state.json").read_bytes() == b"{}"
    assert (tmp_path / ".reconciler/.gitignore").read_text() == "*\n"


def test_versions_increase_when_the_clock_steps_back(tmp_path, monkeypatch):
    store = LocalStore(tmp_path)
    monkeypatch.setattr(time, "time_ns", lambda: 2_000_000_000)
    first = store.create("key", b"")
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000_000)
    store.delete(["key"])
    second = store.create("key", b"")
    assert int(second.partition("-")[0], 16) > int(first.partition("-")[0], 16)


def test_link_outside_the_folder_is_rejected(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "store").mkdir()
    (tmp_path / "store/state").symlink_to(outside)
    with pytest.raises(StoreError, match="is outside"):
        LocalStore(tmp_path / "store").create("state/lock.json", b"")
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("is_known", [False, True])
def test_read_does_not_follow_a_link_out_of_the_folder(tmp_path, is_known):
    (tmp_path / "outside").write_bytes(b"outside")
    store = LocalStore(tmp_path / "store")
    version = store.create("a/first", b"first")
    if is_known:
        assert store.read("a/first") == Versioned(b"first", version)
    (tmp_path / "store/a/out").symlink_to(tmp_path / "outside")
    (tmp_path / "store/a/in").symlink_to("first")
    with pytest.raises(StoreError, match="is outside"):
        store.read("a/out")
    assert store.read("a/in") == Versioned(b"first", version)
    assert store.read("a/missing") is None


def test_read_of_a_folder_is_an_error_with_hint(tmp_path):
    store = LocalStore(tmp_path)
    store.create("a/b", b"")
    with pytest.raises(StoreError, match="cannot use the state"):
        store.read("a")


def test_unusable_folder_is_an_error_with_hint(tmp_path):
    (tmp_path / "store").write_text("a file")
    with pytest.raises(StoreError, match=r"cannot use the state in .*store"):
        LocalStore(tmp_path / "store").create("key", b"")


def test_a_writer_killed_at_any_moment_leaves_a_whole_document_and_no_lock(tmp_path):
    writer = """
import sys
from pathlib import Path
from reconciler.state import local
from reconciler.state.local import LocalStore
store = LocalStore(Path(sys.argv[1]))
version = store.create("key", b"a" * 3_000_000)
print("ready", flush=True)
while True:
    for letter in (b"b", b"a"):
        version = store.replace("key", letter * 3_000_000, version)
"""
    for pause in (0.0, 0.003, 0.011):
        folder = tmp_path / str(pause)
        process = subprocess.Popen([sys.executable, "-c", writer, folder], stdout=subprocess.PIPE, cwd=_root())
        with process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            time.sleep(pause)
            os.kill(process.pid, signal.SIGKILL)
        store = LocalStore(folder)
        found = store.read("key")
        assert found is not None
        assert found.data in {b"a" * 3_000_000, b"b" * 3_000_000}
        store.replace("key", b"next", found.version)
        assert store.list("") == ["key"]


def _root() -> Path:
    return Path(__file__).parents[2]


class TestRenames:
    def test_one_fsync_of_a_folder_serves_all_documents_that_were_in_place_when_it_began(self, tmp_path, monkeypatch):
        store, durable, number = LocalStore(tmp_path / "state"), set(), []
        store.create("bundles/first", b"")

        def slow(folder):
            seen = {path.name for path in folder.iterdir()}
            time.sleep(0.05)
            number.append(folder)
            durable.update(seen)

        monkeypatch.setattr(local, "_sync", slow)

        def write(index):
            store.create(f"bundles/{index}", b"")
            return str(index) in durable

        with ThreadPoolExecutor(16) as threads:
            assert all(threads.map(write, range(16)))
        assert len(number) < 8

    def test_a_document_is_not_durable_if_the_fsync_failed_that_began_after_it(self, tmp_path, monkeypatch):
        store = LocalStore(tmp_path / "state")
        store.create("bundles/first", b"")

        def full(folder):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(local, "_sync", full)

        def write(index):
            with pytest.raises(StoreError):
                store.create(f"bundles/{index}", b"")
            return True

        with ThreadPoolExecutor(4) as threads:
            assert all(threads.map(write, range(4)))


# Groups of documents


def test_group_takes_the_lock_once_and_syncs_each_folder_once(tmp_path, monkeypatch):
    store, synced, locked = LocalStore(tmp_path / "store"), [], []
    store.put_all({"agents/first.json": b"1", "blobs/first.json": b"1"})
    monkeypatch.setattr(local, "_sync", lambda folder: synced.append(folder.name))
    monkeypatch.setattr("fcntl.flock", lambda *_: locked.append(True))
    store.put_all({f"{folder}/{number}.json": b"{}" for folder in ("agents", "blobs") for number in range(8)})
    assert (sorted(synced), len(locked)) == (["agents", "blobs"], 1)
    assert store.list("agents/") == [*(f"agents/{number}.json" for number in range(8)), "agents/first.json"]


def test_group_leaves_equal_documents_and_gives_others_new_versions(tmp_path):
    store = LocalStore(tmp_path / "store")
    store.put_all({"a/1": b"old", "a/2": b"old"})
    one, two = store.read("a/1"), store.read("a/2")
    store.put_all({"a/1": b"old", "a/2": b"new"})
    assert store.read("a/1") == one
    changed = store.read("a/2")
    assert changed
    assert two
    assert changed.data == b"new"
    assert changed.version != two.version


def test_group_does_not_follow_a_link_out_of_the_folder(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "store/a").mkdir(parents=True)
    (outside / "target").write_bytes(b"outside")
    (tmp_path / "store/linked").symlink_to(outside)
    (tmp_path / "store/a/file").symlink_to(outside / "target")
    for key in ("linked/key", "a/file"):
        with pytest.raises(StoreError, match="is outside"):
            LocalStore(tmp_path / "store").put_all({key: b""})
    assert [(one.name, one.read_bytes()) for one in outside.iterdir()] == [("target", b"outside")]


def test_group_replaces_a_link_to_nothing_as_a_create_does(tmp_path):
    store = LocalStore(tmp_path / "store")
    (tmp_path / "store/a").mkdir(parents=True)
    (tmp_path / "store/a/1").symlink_to("nothing")
    store.put_all({"a/1": b"new"})
    assert not (tmp_path / "store/a/1").is_symlink()
    assert (tmp_path / "store/a/1").read_bytes() == b"new"


def test_group_that_fails_keeps_the_documents_before_durable(tmp_path, monkeypatch):
    store, synced = LocalStore(tmp_path / "store"), []
    (tmp_path / "store/b/1").mkdir(parents=True)
    (tmp_path / "store/b/1/x").write_bytes(b"")
    store.put_all({"a/0": b""})
    monkeypatch.setattr(local, "_sync", lambda folder: synced.append(folder.name))
    with pytest.raises(StoreError):
        store.put_all({"a/1": b"1", "b/1": b"1"})
    assert (tmp_path / "store/a/1").read_bytes() == b"1"
    assert "a" in synced


def test_group_makes_all_contents_durable_and_then_each_folder_before_the_next(tmp_path, monkeypatch):
    store, events = LocalStore(tmp_path / "store"), []
    store.put_all({"blobs/first.json": b"1", "agents/first.json": b"1"})
    replace, fsync = os.replace, os.fsync

    def renamed(draft, target):
        events.append(target.name)
        replace(draft, target)

    def made_durable(handle):
        events.append("content")
        fsync(handle)

    monkeypatch.setattr(local, "_sync", lambda folder: events.append(f"sync {folder.name}"))
    monkeypatch.setattr(os, "fsync", made_durable)
    monkeypatch.setattr(os, "replace", renamed)
    store.put_all({"blobs/1": b"1", "blobs/2": b"2", "agents/1": b"3", "agents/2": b"4"})
    assert events == [*["content"] * 4, "1", "2", "sync blobs", "1", "2", "sync agents"]


def test_group_of_many_documents_is_written_whole(tmp_path):
    documents = {f"{folder}/{number}": f"{folder} {number}".encode() for folder in "ab" for number in range(100)}
    store = LocalStore(tmp_path / "store")
    store.put_all(documents)
    assert {key: store.read(key).data for key in store.list("")} == documents  # type: ignore[union-attr]


def test_group_removes_the_drafts_that_a_crash_left(tmp_path):
    store = LocalStore(tmp_path / "store")
    store.put_all({"a/1": b"1"})
    (tmp_path / "store/.store.tmp-7").write_bytes(b"half")
    store.put_all({"a/2": b"2"})
    LocalStore(tmp_path / "store").put_all({"a/3": b"3"})
    assert not list((tmp_path / "store").glob(".store.tmp*"))


def test_group_that_finds_no_room_leaves_no_open_file(tmp_path, monkeypatch):
    store, opened, closed = LocalStore(tmp_path / "store"), [], []
    store.put_all({"a/1": b"1"})
    write, close = os.write, os.close

    def written(handle, data):
        opened.append(handle)
        if bytes(data) == b"no room":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(handle, data)

    def close_noted(handle):
        closed.append(handle)
        close(handle)

    monkeypatch.setattr(os, "write", written)
    monkeypatch.setattr(os, "close", close_noted)
    with pytest.raises(StoreError, match="No space left"):
        store.put_all({"a/2": b"2", "a/3": b"no room", "a/4": b"4"})
    assert store.list("a/") == ["a/1", "a/2"]
    assert set(opened) <= set(closed)
