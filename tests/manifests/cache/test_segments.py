"""Segments: entries by key, which are there as they were written, or not at all."""

import json
import multiprocessing
import os
import random
import time
from pathlib import Path

import pytest

from reconciler.manifests.cache import segments
from reconciler.manifests.cache.segments import MAX_SEGMENTS, New, Segments, trim

NAME = "0" * 32


def entries(*keys: str) -> list[New]:
    return [New(key, {"head": key}, json.dumps({"body": key}).encode()) for key in keys]


def content(folder: Path) -> dict[str, str]:
    """Return the keys whose entries can be read, each with what its body has."""
    found = Segments(folder).read()
    assert all(entry.head == {"head": key} for key, entry in found.items())
    return {key: json.loads(body)["body"] for key, entry in found.items() if (body := entry.body()) is not None}


def test_written_entries_are_read(tmp_path: Path):
    folder = tmp_path / NAME
    Segments(folder).add(entries("a", "b"), used={"a", "b"})
    Segments(folder).add(entries("c"), used={"a", "c"})

    assert content(folder) == {"a": "a", "b": "b", "c": "c"}


def test_last_written_entry_of_a_key_is_read(tmp_path: Path):
    folder = tmp_path / NAME
    for text in ("first", "second"):
        Segments(folder).add([New("a", {"head": "a"}, json.dumps({"body": text}).encode())], used={"a"})

    assert content(folder) == {"a": "second"}


def test_many_segments_are_merged_and_keep_a_limited_number_of_unused_entries(tmp_path: Path):
    folder = tmp_path / NAME
    for number in range(MAX_SEGMENTS):
        Segments(folder).add(entries(*(f"old-{number}-{index}" for index in range(10))), used=set())
    Segments(folder).add(entries("new"), used={"new", "old-0-0"})

    found = content(folder)
    assert {"new", "old-0-0"} <= found.keys()
    assert len(found) == 2 + 4 * 2
    assert sorted(path.suffix for path in folder.iterdir()) == [".bodies", ".index"]


def test_body_can_be_read_after_its_segment_was_removed(tmp_path: Path):
    folder = tmp_path / NAME
    Segments(folder).add(entries("a", "b"), used={"a"})
    found = Segments(folder).read()
    assert found["a"].body() is not None
    for path in folder.iterdir():
        path.unlink()

    assert found["b"].body() == b'{"body": "b"}'


def test_damaged_file_is_ignored_at_every_length(tmp_path: Path):
    folder = tmp_path / NAME
    Segments(folder).add(entries("a", "b"), used={"a"})
    whole = content(folder)
    for path in list(folder.iterdir()):
        data = path.read_bytes()
        for length in range(len(data)):
            path.write_bytes(data[:length])
            assert content(folder).items() <= whole.items()
        for at in range(len(data)):
            path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
            assert content(folder).items() <= whole.items()
        path.write_bytes(data)
    assert content(folder) == whole


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b"null", b'{"a": 1}', b'{"a": [1, 2, 3]}', b"[" * 100_000])
def test_index_of_another_form_is_ignored(tmp_path: Path, text: bytes):
    import hashlib

    folder = tmp_path / NAME
    folder.mkdir(mode=0o700)
    header = json.dumps({"format": segments.FORMAT, "sha256": hashlib.sha256(text).hexdigest()}).encode()
    (folder / "1-1.index").write_bytes(header + b"\n" + text)
    (folder / "1-1.index").chmod(0o600)

    assert Segments(folder).read() == {}


@pytest.mark.parametrize("mode", [0o720, 0o702])
def test_folder_that_others_may_write_to_is_neither_read_nor_written(tmp_path: Path, mode: int):
    folder = tmp_path / NAME
    Segments(folder).add(entries("a"), used={"a"})
    folder.chmod(mode)
    before = sorted(folder.iterdir())

    assert Segments(folder).read() == {}
    Segments(folder).add(entries("b"), used={"b"})
    assert sorted(folder.iterdir()) == before


def test_file_that_others_may_write_to_is_not_read(tmp_path: Path):
    folder = tmp_path / NAME
    Segments(folder).add(entries("a"), used={"a"})
    for path in folder.glob("*.index"):
        path.chmod(0o622)

    assert Segments(folder).read() == {}


def test_folder_that_cannot_be_written_is_no_error(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")

    Segments(tmp_path / "file" / NAME).add(entries("a"), used={"a"})

    assert Segments(tmp_path / "file" / NAME).read() == {}


def test_old_caches_are_removed_and_nothing_else(tmp_path: Path):
    for name in (NAME, "1" * 32, "documents"):
        (tmp_path / name).mkdir(mode=0o700)
        for file in ("1-a.index", "1-a.bodies", "files.hashes", "notes.txt", "draft-0123456789abcdef"):
            (tmp_path / name / file).write_bytes(b"x")
        os.utime(tmp_path / name, (0, 0))
    os.utime(tmp_path / NAME)
    (tmp_path / ("2" * 32)).symlink_to(tmp_path / "documents")

    trim(tmp_path)

    assert len(list((tmp_path / NAME).iterdir())) == 5
    assert [one.name for one in (tmp_path / ("1" * 32)).iterdir()] == ["notes.txt"]
    assert len(list((tmp_path / "documents").iterdir())) == 5


@pytest.mark.parametrize("file", ["1-a.bodies", "files.hashes", "draft-0123456789abcdef"])
def test_caches_that_are_too_large_together_are_removed_the_oldest_first(tmp_path: Path, monkeypatch, file: str):
    monkeypatch.setattr(segments, "MAX_SIZE", 25)
    names = [str(number) * 32 for number in range(4)]
    for age, name in enumerate(names):
        (tmp_path / name).mkdir(mode=0o700)
        (tmp_path / name / file).write_bytes(b"x" * 10)
        os.utime(tmp_path / name, (time.time() - 100 * age,) * 2)

    trim(tmp_path, keep=tmp_path / names[3])

    assert sorted(one.name for one in tmp_path.iterdir()) == [names[0], names[3]]


def _write_for_ever(folder: Path) -> None:
    for number in range(1_000_000):
        keys = [f"{os.getpid()}-{number}-{index}" for index in range(20)]
        Segments(folder).add(entries(*keys), used={*keys})


def test_processes_that_write_at_once_and_are_killed_leave_whole_entries(tmp_path: Path):
    folder, draw = tmp_path / NAME, random.Random(0)
    for _ in range(4):
        writers = [
            multiprocessing.get_context("fork").Process(target=_write_for_ever, args=(folder,)) for _ in range(3)
        ]
        for writer in writers:
            writer.start()
        time.sleep(0.1 + draw.random() / 5)
        for writer in writers:
            writer.kill()
            writer.join()
        assert all(key == body for key, body in content(folder).items())
    Segments(folder).add(entries("last"), used={"last"})
    assert content(folder)["last"] == "last"
