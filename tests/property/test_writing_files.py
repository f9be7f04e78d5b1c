"""Any changes to any files, with an error or a kill at any place: all are made or none, or the next command undoes
them.
"""

import shutil
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings, strategies as st

from reconciler.files.changes import FileChange, recover, write_files
from reconciler.resources.problems import ReconcilerError
from tests.support.file_operations import Dead, before_each, dying, failing, tree

Tree = dict[str, tuple[int, bytes | str]]
PATHS = st.sampled_from(["a", "b.yaml", "c/d.yaml", "c/e/f.md", "g/h/i.json"])
CONTENTS = st.sampled_from([b"", b"a: 1\n", b"a: 1\r\n", b"\xef\xbb\xbfa: 1\n", b"\x00" * 5000])
MODES = st.sampled_from([0o644, 0o600, 0o755, 0o664])
EXISTING = st.dictionaries(PATHS, st.tuples(CONTENTS, MODES, st.booleans()))
"""Files by path: the content, the mode, and True for a link to a file elsewhere in the folder."""
WANTED = st.dictionaries(PATHS, CONTENTS | st.none(), min_size=1)


def made(root: Path, existing: dict[str, tuple[bytes, int, bool]]) -> None:
    for number, (path, (content, mode, linked)) in enumerate(existing.items()):
        file = root / "shared" / str(number) if linked else root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        file.chmod(mode)
        if linked:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).symlink_to(file)


def changes(existing: dict[str, tuple[bytes, int, bool]], wanted: dict[str, bytes | None]) -> list[FileChange]:
    before = {path: existing[path][0] if path in existing else None for path in wanted}
    return [FileChange(path, before[path], after) for path, after in wanted.items()]


@settings(max_examples=150, deadline=None)
@given(EXISTING, WANTED, st.integers(1, 60), st.integers(1, 30))
def test_any_changes_are_made_or_not_whatever_fails(existing, wanted, place, again):
    with TemporaryDirectory() as folder:
        root = Path(folder, "acme")
        root.mkdir()
        made(root, existing)
        asked = changes(existing, wanted)
        before = tree(root)
        with before_each(failing(place)):
            failed = False
            try:
                write_files(root, asked)
            except ReconcilerError:
                failed = True
        recover(root, lambda _: False)
        after = tree(root)
        if failed:
            assert after == before
            write_files(root, asked)
            after = tree(root)
        assert after == expected(root, before, wanted)

        shutil.rmtree(root)
        root.mkdir()
        made(root, existing)
        with suppress(Dead), before_each(dying(place)):
            write_files(root, asked)
        with suppress(Dead), before_each(dying(again)):
            recover(root, lambda _: False)
        recover(root, lambda _: False)
        assert tree(root) in (before, after)
        if tree(root) == before:
            write_files(root, asked)
        assert tree(root) == after


def expected(root: Path, before: Tree, wanted: dict[str, bytes | None]) -> Tree:
    """Return the tree after the changes, with the modes that files have, and those of new ones as they are."""
    found = dict(before)
    for path, content in wanted.items():
        real = (root / path).resolve().relative_to(root.resolve()).as_posix()
        if content is None:
            found.pop(before_target(root, before, path), None)
        elif real in before:
            found[real] = (before[real][0], content)
        else:
            found[path] = ((root / path).lstat().st_mode, content)
            for parent in (root / path).relative_to(root).parents:
                if parent.name:
                    found.setdefault(parent.as_posix(), ((root / parent).lstat().st_mode, ""))
    return found


def before_target(root: Path, before: Tree, path: str) -> str:
    """Return the file that a path named before, through a link."""
    content = before[path][1] if path in before else ""
    return Path(content).relative_to(root).as_posix() if isinstance(content, str) and content else path
