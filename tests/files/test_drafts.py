"""Tests of files written through drafts, and of the removal of drafts that killed processes left."""

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.files.drafts import sweep, write_output, write_whole
from tests.support.file_operations import Dead, before_each, dying, failing


def test_file_is_replaced_and_keeps_its_mode(tmp_path: Path):
    file = tmp_path / "plan.json"
    file.write_text("old")
    file.chmod(0o604)
    write_whole(file, b"new", durable=True)
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (b"new", 0o604)
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("operation", [1, 2])
def test_error_leaves_the_old_file(tmp_path: Path, operation: int):
    file = tmp_path / "plan.json"
    file.write_text("old")
    with pytest.raises(OSError, match="No space"), before_each(failing(operation)):
        write_whole(file, b"new", durable=True)
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def killed(file: Path) -> Path:
    with pytest.raises(Dead), before_each(dying(1)):
        write_whole(file, b"new")
    (draft,) = (one for one in file.parent.iterdir() if one.name.startswith(".reconciler-draft-"))
    return draft


def test_draft_of_a_killed_process_is_removed(tmp_path: Path):
    killed(tmp_path / "plan.json")
    write_output(tmp_path / "other.json", b"{}")
    assert [one.name for one in tmp_path.iterdir()] == ["other.json"]


def test_files_of_a_person_are_not_removed(tmp_path: Path):
    names = [
        ".edit-notes",
        ".reconciler-draft-mine",
        ".reconciler-draft-0123456789abcdeF",
        ".plan.json.0123456789abcdef",
    ]
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / ".reconciler-draft-0123456789abcdef").mkdir()
    (tmp_path / ".reconciler-draft-1123456789abcdef").symlink_to(".edit-notes")
    before = sorted(tmp_path.iterdir())
    sweep(tmp_path)
    assert sorted(tmp_path.iterdir()) == before


def test_draft_that_is_being_written_is_not_removed(tmp_path: Path):
    program = (
        "import sys; from pathlib import Path; from reconciler.files.drafts import _new_draft\n"
        "print(_new_draft(Path(sys.argv[1]))[0].name, flush=True); sys.stdin.read()"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", program, tmp_path], stdin=pipe, stdout=pipe, text=True) as other:
        assert other.stdout is not None
        name = other.stdout.readline().strip()
        sweep(tmp_path)
        assert [one.name for one in tmp_path.iterdir()] == [name]
        other.kill()
        other.communicate()
    sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_draft_removed_before_it_is_locked_is_made_again(tmp_path: Path, monkeypatch):
    """Another process may sweep the folder between the creation of the draft and its lock."""
    opened = os.open
    made: list[Path] = []

    def swept(path: Path, *arguments: int) -> int:
        handle = opened(path, *arguments)
        if not made:
            sweep(tmp_path)
        made.append(path)
        return handle

    with monkeypatch.context() as patched:
        patched.setattr(
            os,
            "open",
            lambda path, *arguments: swept(path, *arguments) if arguments[0] & os.O_CREAT else opened(path, *arguments),
        )
        write_whole(tmp_path / "plan.json", b"{}")
    assert len(made) == 2
    assert [one.name for one in tmp_path.iterdir()] == ["plan.json"]


def test_link_is_neither_followed_nor_replaced(tmp_path: Path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link.json").symlink_to("real/plan.json")
    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        write_output(tmp_path / "link.json", b"{}")
    assert not (tmp_path / "real/plan.json").exists()
    assert (tmp_path / "link.json").is_symlink()


@pytest.mark.parametrize("target", ["/dev/stdout", "/proc/self/fd/1"])
def test_what_an_open_file_has_already_stays(tmp_path: Path, target: str):
    program = (
        "from pathlib import Path; from reconciler.files.drafts import write_output\n"
        f"write_output(Path('{target}'), b'[]')"
    )
    (tmp_path / "log").write_bytes(b"before\n")
    with (tmp_path / "log").open("ab") as log:
        subprocess.run([sys.executable, "-c", program], stdout=log, check=True)
    assert (tmp_path / "log").read_bytes() == b"before\n[]"


@pytest.mark.parametrize("target", ["/dev/stdout", "/proc/self/fd/1", "/dev/fd/1"])
def test_open_file_of_the_process_is_written_in_place(tmp_path: Path, target: str):
    program = (
        "from pathlib import Path; from reconciler.files.drafts import write_output\n"
        f"write_output(Path('{target}'), b'[]')"
    )
    with (tmp_path / "out").open("wb") as out:
        subprocess.run([sys.executable, "-c", program], stdout=out, check=True)
    assert (tmp_path / "out").read_bytes() == b"[]"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == b"[]"


def test_named_pipe_is_written_and_not_replaced(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_output(pipe, b"[]")
    assert os.read(reader, 10) == b"[]"
    os.close(reader)
    assert pipe.is_fifo()


def test_mounted_file_is_written_in_place(tmp_path: Path, monkeypatch):
    def busy(*_: object) -> None:
        raise OSError(errno.EBUSY, "busy")

    monkeypatch.setattr(Path, "replace", busy)
    file = tmp_path / "plan.json"
    file.write_text("old")
    write_output(file, b"new")
    assert file.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [file]


def test_error_names_the_file_and_not_the_draft(tmp_path: Path):
    with pytest.raises(FileNotFoundError) as error:
        write_whole(tmp_path / "missing/plan.json", b"")
    assert error.value.filename == str(tmp_path / "missing/plan.json")
