"""docs/security.md: every rule names the tests that show it, and the tests exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (?!rule \||cannot \|)(.+?) \| (.+) \|$", PAGE, flags=re.MULTILINE)
SUBJECTS = ("Pushing a branch", "Pull request", "Fork", "Merged main", "OpenAI key", "State", "Outlet", "Runner")


@pytest.mark.parametrize(("rule", "tests"), ROWS, ids=[rule for rule, _ in ROWS])
def test_rule_names_existing_tests(rule, tests):
    named = re.findall(r"`(tests/[^`]+)`", tests)
    assert named, rule
    assert [one for one in named if not exists(one)] == []


def test_every_subject_has_rules():
    _, *sections = re.split(r"^## ", PAGE, flags=re.MULTILINE)
    assert tuple(section.partition("\n")[0] for section in sections) == SUBJECTS
    assert all("| `tests/" in section for section in sections)


def exists(name: str) -> bool:
    """Return True if there is a test `FILE`, `FILE::FUNCTION` or `FILE::CLASS::FUNCTION`."""
    file, *parts = name.split("::")
    path = ROOT / file
    if not path.is_file():
        return False
    node: ast.AST = ast.parse(path.read_text(encoding="utf-8"))
    for part in parts:
        found = [one for one in ast.iter_child_nodes(node) if getattr(one, "name", None) == part]
        if not found:
            return False
        node = found[0]
    tests = [getattr(one, "name", "") for one in ast.walk(node)]
    return any(name.startswith("test_") for name in tests)
