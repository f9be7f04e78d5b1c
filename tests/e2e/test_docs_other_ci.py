"""Run the script in `docs/other-ci.md`, and read the pipeline files on that page."""

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.e2e.pages import DOCS, FILE, as_it_runs

PAGE = DOCS / "other-ci.md"
FILES = dict(FILE.findall(PAGE.read_text(encoding="utf-8")))


def followed(scratch: Path) -> str:
    """Return the page with the outputs of its commands, run in `scratch`."""
    return as_it_runs(PAGE, scratch / "bots")


@pytest.mark.long
def test_other_ci_page_outputs_equal_command_outputs(tmp_path):
    assert followed(tmp_path) == PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".yml")])
def test_pipeline_file_is_valid_yaml(name):
    assert YAML(typ="safe", pure=True).load(FILES[name])


@pytest.mark.parametrize("name", ["Jenkinsfile", "azure-pipelines.yml", ".buildkite/pipeline.yml"])
def test_pipeline_files_call_the_steps_of_the_script(name):
    called = set(re.findall(r"sh ci\.sh (\w+)", FILES[name]))

    assert called == {"check", "plan", "apply", "drift"}
    assert 'CI: "true"' in FILES[name] or "CI = 'true'" in FILES[name]
