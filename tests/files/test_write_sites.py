"""Every place that writes a file goes through `reconciler.files`, or has a reason."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import reconciler

ROOT: Final = Path(reconciler.__file__).parent
WRITES: Final = {
    "write_text",
    "write_bytes",
    "mkstemp",
    "NamedTemporaryFile",
    "copytree",
    "copy2",
    "copyfile",
    "rename",
}
REASONS: Final = {
    "files/changes.py": "the writer of several files",
    "files/drafts.py": "the writer of one file",
    "files/undo.py": "the folder of the writer",
    "files/private_folder.py": "the writer of the cache: streamed, and readable by its owner only",
    "cli/ci.py": "appends to the file of step outputs, which GitHub gives to the step",
    "migration/downloads.py": "a temporary folder",
    "operations/demo.py": "a temporary folder",
    "state/git_repository.py": "an empty lock file in the Git folder, and a temporary folder",
    "state/local.py": "a lock file, and a draft with a fixed name under that lock, which the next write replaces",
}


def writes(file: Path) -> Iterator[str]:
    """Yield the calls in a module that create, replace or write a file."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        modes = [one.value for one in node.args[:2] if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if name in WRITES or (name in ("open", "fdopen") and any(set(mode) & set("wax+") for mode in modes)):
            yield f"{file.name}:{node.lineno} {name}"


def test_only_modules_with_a_reason_write_files():
    found = {file.relative_to(ROOT).as_posix(): list(writes(file)) for file in ROOT.rglob("*.py")}
    kinds = ("resources/", "planning/")  # `rename` there is a function of a resource type
    others = {path: calls for path, calls in found.items() if calls and not path.startswith(kinds)}
    assert {path: calls for path, calls in others.items() if path not in REASONS} == {}
    assert others.keys() == REASONS.keys()
