"""Load the files of `docs/manifests.md` as one project."""

import re
from pathlib import Path

import pytest

from reconciler.manifests import load
from reconciler.resources import metadata
from reconciler.resources.pipelines.nodes import MODELS
from reconciler.resources.registry import kinds
from tests.e2e.kinds_table import table

PAGE = Path(__file__).parents[2] / "docs" / "manifests.md"
TEXT = PAGE.read_text(encoding="utf-8")
FILES = dict(re.findall(r"^`([\w./-]+)`:\n\n```\w+\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL))
NODES = re.findall(
    r"^\| `(\w+)` \| (.*) \|$", TEXT.partition("| type | parameters")[2].partition("## ")[0], re.MULTILINE
)


@pytest.fixture
def project(tmp_path):
    for name, content in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    return tmp_path


def test_manifests_page_table_of_kinds_matches_declarations():
    assert table() in TEXT


@pytest.mark.parametrize("env", ["staging", "production"])
def test_manifests_page_project_is_valid(project, env):
    loaded = load(project, env=env)
    assert [str(problem) for problem in loaded.problems] == []
    assert loaded.dangling == ()
    assert {resource.kind.name for resource in loaded.resources} == set(kinds())


def test_manifests_page_yaml_blocks_are_files():
    assert len(re.findall("^```yaml$", TEXT, re.MULTILINE)) == sum(name.endswith(".yaml") for name in FILES)


def test_manifests_page_node_table_lists_every_type():
    assert {name for name, _ in NODES} == set(MODELS)


@pytest.mark.parametrize(("name", "parameters"), NODES)
def test_manifests_page_node_table_lists_every_parameter(name, parameters):
    fields = {field: info for field, info in MODELS[name].model_fields.items() if field != "type"}
    told = re.findall(r"(\*\*)?`(\w+)`", parameters.partition(":")[0])
    assert {field for _, field in told} == set(fields)
    assert {field for needed, field in told if needed} == {name for name, info in fields.items() if info.is_required()}


def test_manifests_page_metadata_limits_equal_constants():
    assert f"| {metadata.USER_METADATA} pairs" in TEXT
    assert f"| {metadata.USER_ATTRIBUTES} pairs" in TEXT
