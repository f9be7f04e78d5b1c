"""docs/security.md: every rule names the tests that show it, and the tests exist."""

import ast
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from reconciler.workflows import Setup, Source
from reconciler.workflows.github import workflows

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
TABLES = re.findall(r"^\| (?:rule|cannot) \| test \|\n\|---\|---\|\n((?:\|.*\n)+)", PAGE, flags=re.MULTILINE)
ROWS = [row for table in TABLES for row in re.findall(r"^\| (.+?) \| (.+) \|$", table, flags=re.MULTILINE)]
JOBS = re.findall(r"^\| `(\w+\.\w+)` \| [^|]+ \| (.+) \| (.+) \| (.+) \|$", PAGE, flags=re.MULTILINE)
SUBJECTS = (
    "Keys of the jobs",
    "What is written where",
    "Pushing a branch",
    "Pull request",
    "Fork",
    "Merged main",
    "OpenAI key",
    "State",
    "Outlet",
    "Cache",
    "Runner",
)


@pytest.mark.parametrize(("rule", "tests"), ROWS, ids=[rule for rule, _ in ROWS])
def test_rule_names_existing_tests(rule, tests):
    named = re.findall(r"`(tests/[^`]+)`", tests)
    assert named, rule
    assert [one for one in named if not exists(one)] == []


def test_every_subject_has_rules():
    _, *sections = re.split(r"^## (?!Overview)", PAGE, flags=re.MULTILINE)
    assert tuple(section.partition("\n")[0] for section in sections) == SUBJECTS
    assert all("| `tests/" in section for section in sections)


@pytest.mark.parametrize(("job", "environment", "keys", "writes"), JOBS, ids=[job for job, *_ in JOBS])
def test_keys_of_the_jobs_are_those_of_the_workflows(job, environment, keys, writes):
    found = jobs()[job]
    assert {job for job, *_ in JOBS} == jobs().keys()
    named = found.get("environment", "none")
    named = named["name"] if isinstance(named, dict) else named
    assert re.sub(r"\$\{\{ \w+\.env \}\}", "ENV", named) == environment.strip("`")
    secrets = set(re.findall(r"\bsecrets\.(\w+)", str(found)))
    assert secrets == {"CRM_TOKEN" if one == "secrets of manifests" else one for one in listed(keys)}
    assert [scope for scope, access in found["permissions"].items() if access == "write"] == listed(writes)


@cache
def jobs() -> dict[str, dict[str, Any]]:
    """Return the jobs of a project with two environments, the state in Git and a secret in a manifest."""
    setup = Setup("bots", ("staging", "production"), "main", "https://api.openai.com/v1", "git:state?remote=origin")
    setup = replace(setup, manifest_secrets=("CRM_TOKEN",))
    texts = workflows(setup, Source(uses=f"acme/reconciler/setup@{'3f' * 20}"))
    files = {Path(path).stem.rpartition("-")[2]: YAML(typ="safe", pure=True).load(text) for path, text in texts.items()}
    return {f"{name}.{key}": job for name, file in files.items() for key, job in file["jobs"].items()}


def listed(cell: str) -> list[str]:
    return [] if cell in ("none", "nothing") else [one.strip("`") for one in cell.split(", ")]


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
