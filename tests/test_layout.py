"""The layout of the tests: shared helpers are in `tests/support`."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent
MODULES = sorted(file for file in ROOT.rglob("*.py") if "node_modules" not in file.parts)


def imported(file: Path) -> Iterator[str]:
    """Yield the dotted name of each module or member of `tests` that a file imports, at any depth of its code."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("tests."))
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file}: relative import"
            if (node.module or "").partition(".")[0] == "tests":
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_module_imports_only_its_package_and_support(file):
    package = file.relative_to(ROOT).parts[0]
    outside = [name for name in imported(file) if name.split(".")[1] not in {package, "support"}]
    assert outside == []


@pytest.mark.parametrize(
    "file", [file for file in MODULES if file.name.startswith("test_")], ids=lambda file: file.name
)
def test_test_module_imports_no_other_test_module(file):
    tests = [name for name in imported(file) if any(part.startswith("test_") for part in name.split("."))]
    assert tests == []
