"""Tests of changes to several files: all are made or none, after errors, kills and edits of other processes."""

import errno
import os
import shutil
import signal
import stat
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import pytest

from reconciler.files import changes
from reconciler.files.changes import FileChange, Names, recover, write_files
from reconciler.files.drafts import lock
from reconciler.files.undo import Stage
from reconciler.manifests.folder import undo_interrupted
from reconciler.resources.problems import ReconcilerError
from tests.support.file_operations import Dead, before_each, dying, failing, tree

CHANGES: Final = (
    FileChange("prompts/new.md", None, b"New.\n"),
    FileChange("deep/er/new.yaml", None, b"new: 1\n"),
    FileChange("edited.yaml", b"\xef\xbb\xbfa: 1\r\n", b"\xef\xbb\xbfa: 2\r\n"),
    FileChange("removed.yaml", b"b: 1\n", None),
    FileChange("linked.yaml", b"c: 1\n", b"c: 2\n"),
)
AFTER: Final = {"prompts/new.md", "deep/er/new.yaml", "edited.yaml", "linked.yaml", "shared/target.yaml"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a folder with the files that the changes replace, one of them through a link."""
    made = tmp_path / "acme"
    (made / "shared").mkdir(parents=True)
    (made / "edited.yaml").write_bytes(b"\xef\xbb\xbfa: 1\r\n")
    (made / "edited.yaml").chmod(0o640)
    (made / "removed.yaml").write_bytes(b"b: 1\n")
    (made / "shared/target.yaml").write_bytes(b"c: 1\n")
    (made / "linked.yaml").symlink_to("shared/target.yaml")
    return made


def refused(files: Sequence[Path]) -> bool:
    del files
    return False


def killed(root: Path, operation: int) -> None:
    with pytest.raises(Dead), before_each(dying(operation)):
        write_files(root, CHANGES)


def operations(root: Path) -> list[str]:
    """Return the names of the operations that the changes require."""
    copy = root.with_name("copy")
    shutil.copytree(root, copy, symlinks=True)
    with before_each(failing(0)) as met:
        write_files(copy, CHANGES)
    return met


def last_rename(root: Path) -> int:
    """Return the number of the operation before which all files but the last are written."""
    met = operations(root)
    return len(met) - met[::-1].index("replace")


def test_changes_are_made_and_nothing_else_stays(root: Path):
    write_files(root, CHANGES)
    assert {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()} == AFTER
    assert (root / "edited.yaml").read_bytes() == b"\xef\xbb\xbfa: 2\r\n"
    assert stat.S_IMODE((root / "edited.yaml").stat().st_mode) == 0o640
    assert (root / "linked.yaml").readlink() == Path("shared/target.yaml")
    assert (root / "shared/target.yaml").read_bytes() == b"c: 2\n"


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_new_file_has_the_mode_of_the_umask(root: Path, mask: int, mode: int):
    before = os.umask(mask)
    try:
        write_files(root, CHANGES)
    finally:
        os.umask(before)
    assert stat.S_IMODE((root / "prompts/new.md").stat().st_mode) == mode


def test_new_file_has_the_group_of_a_folder_that_prescribes_one(root: Path):
    (root / "prompts").mkdir()
    try:
        os.chown(root / "prompts", -1, 12345)
    except PermissionError:
        pytest.skip("only root can change the group")
    (root / "prompts").chmod(0o2775)
    write_files(root, CHANGES)
    assert (root / "prompts/new.md").stat().st_gid == 12345


def test_error_at_any_operation_leaves_the_files_as_before(root: Path):
    met, before = operations(root), tree(root)
    after = tree(root.with_name("copy"))
    for operation in range(1, len(met) + 1):
        copy = root.with_name(str(operation))
        shutil.copytree(root, copy, symlinks=True)
        message = ""
        with before_each(failing(operation)):
            try:
                write_files(copy, CHANGES)
            except ReconcilerError as error:
                message = str(error)
        assert message.partition(";")[0] in ("", "error[io]: No space left on device")
        if not message:  # the operation was not necessary, such as the removal of a file that is not used any more
            recover(copy, refused)
        assert tree(copy) == (before if message else after), met[operation - 1]


def test_kill_at_any_operation_is_undone_by_the_next_command(root: Path):
    before = tree(root)
    for operation in range(1, len(operations(root)) + 1):
        killed(root, operation)
        recover(root, refused)
        now = tree(root)
        if now != before:
            break
    assert operation > 20
    assert {path for path, (mode, _) in now.items() if not stat.S_ISDIR(mode)} == AFTER


def test_kill_while_a_kill_is_undone_is_undone_by_the_next_command(root: Path):
    before = tree(root)
    middle = last_rename(root)
    for operation in range(1, 100):
        killed(root, middle)
        try:
            with before_each(dying(operation)):
                recover(root, refused)
            break
        except Dead:
            recover(root, refused)
            assert tree(root) == before
    assert 5 < operation < 99
    assert tree(root) == before


def test_file_edited_after_the_kill_is_kept(root: Path):
    killed(root, last_rename(root))
    (root / "prompts/new.md").write_text("Mine.\n")
    recover(root, refused)
    assert (root / "prompts/new.md").read_text() == "Mine.\n"
    assert not (root / "deep").exists()
    assert list(root.glob(".reconciler*")) == []


def test_files_staged_in_git_after_the_kill_are_kept(root: Path):
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    killed(root, last_rename(root))
    subprocess.run(["git", "add", "prompts"], cwd=root, check=True)
    assert not undo_interrupted(root)
    assert (root / "prompts/new.md").exists()
    assert (root / "deep/er/new.yaml").exists()
    assert not (root / ".reconciler").exists()


def test_files_in_a_repository_are_undone_if_they_are_not_staged(root: Path):
    before = tree(root)
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    killed(root, last_rename(root))
    assert (
        "?? .reconciler"
        not in subprocess.run(["git", "status", "--short"], cwd=root, check=True, capture_output=True, text=True).stdout
    )
    assert undo_interrupted(root)
    shutil.rmtree(root / ".git")
    assert tree(root) == before


def test_copied_or_committed_record_changes_nothing(root: Path):
    killed(root, last_rename(root))
    copy = root.with_name("checkout")
    shutil.copytree(root, copy, symlinks=True, copy_function=shutil.copy2)
    before = tree(copy)
    assert not recover(copy, refused)
    assert tree(copy) == before
    write_files(copy, [FileChange("further.yaml", None, b"")])
    assert tree(copy).keys() - before.keys() == {"further.yaml"}


def test_link_to_the_record_of_another_project_changes_nothing(root: Path):
    killed(root, last_rename(root))
    other = root.with_name("other")
    other.mkdir()
    (other / ".reconciler").symlink_to(root / ".reconciler")
    before = tree(root)
    assert not recover(other, refused)
    assert tree(root) == before


@pytest.mark.parametrize("other", ["Edited.yaml", "EDITED.YAML"])
def test_new_file_that_differs_from_another_only_in_case_is_refused(root: Path, other: str):
    before = tree(root)
    with pytest.raises(ReconcilerError, match=r"differs from edited.yaml in the same folder only in case"):
        write_files(root, [*CHANGES, FileChange(other, None, b"")])
    assert tree(root) == before


def test_two_new_files_that_differ_only_in_case_are_refused(root: Path):
    with pytest.raises(ReconcilerError, match="only in case"):
        write_files(root, [FileChange("a/One.md", None, b"1"), FileChange("a/one.md", None, b"2")])
    assert not (root / "a").exists()


def test_names_that_differ_in_unicode_form_are_the_same(root: Path):
    (root / "bu\u0308ro.md").touch()
    assert Names().taken(root / "B\u00fcro.md") == root / "bu\u0308ro.md"


@pytest.mark.parametrize("path", ["../outside.yaml", "away/new.yaml", ".git/hooks/post-commit"])
def test_nothing_is_written_outside(root: Path, path: str):
    (root.parent / "elsewhere").mkdir()
    (root / "away").symlink_to("../elsewhere")
    with pytest.raises(ReconcilerError, match="outside"):
        write_files(root, [*CHANGES, FileChange(path, None, b"")])
    assert not (root / "prompts").exists()
    assert list((root.parent / "elsewhere").iterdir()) == []


def test_dangling_link_is_not_replaced(root: Path):
    (root / "link.yaml").symlink_to("../outside.yaml")
    with pytest.raises(ReconcilerError, match="already exists"):
        write_files(root, [FileChange("link.yaml", None, b"")])
    assert not (root.parent / "outside.yaml").exists()


def test_new_folder_is_removed_after_an_error(tmp_path: Path):
    with pytest.raises(ReconcilerError, match="already exists"):
        write_files(tmp_path / "a/b", [FileChange("one", None, b""), FileChange("one", None, b"")])
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def at_the_third_file(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Return a function that sets what happens after two of the files were changed."""

    def happens(event: Callable[[], object]) -> None:
        make = changes._make

        def interrupted(stage, number, change, target):
            if number == 2:
                event()
            make(stage, number, change, target)

        monkeypatch.setattr(changes, "_make", interrupted)

    return happens


def test_edit_of_a_person_in_the_meantime_is_kept_and_undoes_the_rest(root: Path, at_the_third_file):
    before = tree(root)
    at_the_third_file(lambda: (root / "edited.yaml").write_bytes(b"a: 3\r\n"))
    with pytest.raises(ReconcilerError, match=r"edited.yaml was edited while the command was running"):
        write_files(root, CHANGES)
    assert (root / "edited.yaml").read_bytes() == b"a: 3\r\n"
    (root / "edited.yaml").write_bytes(b"\xef\xbb\xbfa: 1\r\n")
    assert tree(root) == before


def test_file_created_in_the_meantime_with_the_same_content_is_kept(root: Path, monkeypatch):
    record = Stage.record

    def recorded(stage, steps, folders):
        record(stage, steps, folders)
        (root / "new.md").write_bytes(b"New.\n")

    monkeypatch.setattr(Stage, "record", recorded)
    with pytest.raises(ReconcilerError, match=r"new.md already exists"):
        write_files(root, [FileChange("other.md", None, b"Other.\n"), FileChange("new.md", None, b"New.\n")])
    assert (root / "new.md").read_bytes() == b"New.\n"
    assert not (root / "other.md").exists()


def test_interrupt_during_the_writes_changes_nothing(root: Path, at_the_third_file):
    handler = signal.getsignal(signal.SIGINT)
    at_the_third_file(lambda: signal.raise_signal(signal.SIGINT))
    write_files(root, CHANGES)
    assert {path for path in AFTER if (root / path).is_file()} == AFTER
    assert signal.getsignal(signal.SIGINT) is handler


def test_two_commands_at_once_take_turns(root: Path, at_the_third_file):
    done = threading.Event()

    def second() -> None:
        write_files(root, [FileChange("second.yaml", None, b"2")])
        done.set()

    thread = threading.Thread(target=second)

    def begin() -> None:
        thread.start()
        assert not done.wait(0.2)
        assert not (root / "second.yaml").exists()

    at_the_third_file(begin)
    write_files(root, CHANGES)
    thread.join()
    assert (root / "second.yaml").exists()
    assert not (root / ".reconciler").exists()


def test_command_that_reads_waits_for_one_that_writes_and_undoes_nothing(root: Path, at_the_third_file):
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(recover(root, refused)))
    at_the_third_file(thread.start)
    write_files(root, CHANGES)
    thread.join()
    assert found == [False]
    assert (root / "edited.yaml").read_bytes() == b"\xef\xbb\xbfa: 2\r\n"


def test_command_that_does_not_end_is_an_error(root: Path, at_the_third_file, monkeypatch):
    monkeypatch.setattr(changes, "PATIENCE", 0.1)
    codes: list[str] = []

    def second() -> None:
        with pytest.raises(ReconcilerError) as error:
            recover(root, refused)
        codes.append(error.value.problems[0].code)

    at_the_third_file(second)
    write_files(root, CHANGES)
    assert codes == ["busy"]


@pytest.mark.parametrize("code", [errno.EXDEV, errno.EPERM])
def test_files_without_links_are_changed_and_restored_too(root: Path, monkeypatch, code: int):
    """A mounted folder, or a file system without hard links."""
    replace, away = Path.replace, root / ".reconciler"

    def no_link(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    def no_rename(source: Path, target: Path) -> Path:
        if code == errno.EXDEV and source.is_relative_to(away) != Path(target).is_relative_to(away):
            no_link()
        return replace(source, target)

    monkeypatch.setattr(os, "link", no_link)
    monkeypatch.setattr(Path, "replace", no_rename)
    test_kill_at_any_operation_is_undone_by_the_next_command(root)


def test_created_file_takes_three_operations_and_no_wait_for_the_disk(root: Path):
    """An import may write 10,000 files: into the folder of the writer, to its place, and removed from the folder."""

    def met(number: int) -> list[str]:
        with before_each(failing(0)) as operations:
            write_files(root, [FileChange(f"{number}/{file}.yaml", None, b"") for file in range(number)])
        return operations

    few, many = met(10), met(110)
    assert len(many) - len(few) == 100 * len(("open", "link", "unlink"))
    assert "fsync" not in many


def test_files_that_cannot_be_restored_are_restored_by_the_next_command(root: Path, at_the_third_file):
    before = tree(root)
    unlink = Path.unlink

    def broken(path: Path, *, missing_ok: bool = False) -> None:
        if path.name == "new.md":
            raise OSError(errno.EIO, "Input/output error", str(path))
        unlink(path, missing_ok=missing_ok)

    at_the_third_file((root / "edited.yaml").unlink)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Path, "unlink", broken)
        with pytest.raises(ReconcilerError, match="not all files could be restored"):
            write_files(root, CHANGES)
    assert (root / "prompts/new.md").exists()
    assert recover(root, refused)
    assert tree(root) == {path: one for path, one in before.items() if path != "edited.yaml"}


@pytest.mark.parametrize("kind", ["file", "folder of another user"])
def test_project_whose_data_folder_cannot_be_used_is_written_too(root: Path, monkeypatch, kind: str):
    data, mkdir = root / ".reconciler", os.mkdir
    if kind == "file":
        data.touch()
    else:
        data.mkdir()

    def refusing(path: Path, *arguments: int) -> None:
        if Path(path).parent == data:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        mkdir(path, *arguments)

    monkeypatch.setattr(os, "mkdir", refusing)
    before = tree(root)
    killed(root, last_rename(root))
    assert recover(root, refused)
    assert tree(root) == before


def test_file_system_without_locks_of_folders_restores_files_too(root: Path, monkeypatch, at_the_third_file):
    """NFS locks only files that are open to write."""
    before = tree(root)
    monkeypatch.setattr(
        changes, "lock", lambda handle: None if stat.S_ISDIR(os.fstat(handle).st_mode) else lock(handle)
    )
    killed(root, last_rename(root))
    assert recover(root, refused)
    assert tree(root) == before
    running: list[bool] = []
    at_the_third_file(lambda: running.append(recover(root, refused)))
    write_files(root, CHANGES)
    assert running == [False]
    assert (root / "linked.yaml").read_bytes() == b"c: 2\n"
