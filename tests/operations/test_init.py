"""Tests of `init --ci github`: the workflows pass the linters of this repository."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from reconciler.operations.init import init, write_workflows
from reconciler.resources.problems import ReconcilerError

BIN = Path(sys.executable).parent


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository with a project in a folder."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True, timeout=60)
    init(tmp_path / "bots")
    project = tmp_path / "bots" / "project.yaml"
    project.write_text(project.read_text() + "  environments: {staging: {}, production: {}}\n")
    return tmp_path


def written(repository: Path) -> dict[str, Any]:
    paths = write_workflows(repository / "bots")
    assert {path.parent for path in paths} == {repository / ".github" / "workflows"}
    return {path.name: YAML(typ="safe", pure=True).load(path) for path in paths}


def test_workflows_run_in_the_environments_of_the_project(repository: Path):
    found = written(repository)
    entries = [{"project": "bots", "env": "staging"}, {"project": "bots", "env": "production"}]
    for name in ("reconciler-plan.yml", "reconciler-apply.yml", "reconciler-drift.yml"):
        matrices = [job["strategy"]["matrix"] for job in found[name]["jobs"].values() if "strategy" in job]
        assert matrices
        assert all(matrix == {"include": entries} for matrix in matrices)
    dispatch = found["reconciler-rollback.yml"]["on"]["workflow_dispatch"]["inputs"]
    assert (dispatch["project"]["default"], dispatch["env"]["default"]) == ("bots", "production")


def test_workflows_have_no_caller_inputs_and_plans_use_the_read_key(repository: Path):
    found = written(repository)
    for name, workflow in found.items():
        assert "workflow_call" not in workflow["on"]
        assert workflow["env"]["RECONCILER_ENDPOINT"] == "https://api.openai.com/v1"
        assert workflow["env"]["RECONCILER_VERSION"]
        text = (repository / ".github" / "workflows" / name).read_text()
        assert ("OPENAI_API_KEY }}" in text) == (name == "reconciler-apply.yml")
        assert "embedded' ||" not in text
    assert "reconciler-plan.yml" in (repository / ".github" / "workflows" / "reconciler-apply.yml").read_text()


def test_workflows_use_the_endpoint_and_state_of_the_project(repository: Path):
    project = repository / "bots" / "project.yaml"
    project.write_text(
        project.read_text()
        + "  endpoint: https://proxy.acme.example/v1\n  state: {backend: s3, bucket: acme-bots, region: eu-central-1}\n"
    )
    for workflow in written(repository).values():
        assert workflow["env"]["RECONCILER_ENDPOINT"] == "https://proxy.acme.example/v1"
        assert workflow["env"]["RECONCILER_STATE"] == "s3://acme-bots/?region=eu-central-1"


def test_workflows_name_the_outlets_of_the_project(repository: Path):
    project = repository / "bots" / "project.yaml"
    own = "{bucket: acme-bots, prefix: live, endpoint_url: 'https://s3.acme.example:9000'}"
    project.write_text(f"{project.read_text()}  outlets: [{{directory: build/b}}, {{s3: {own}}}, {{directory: a b}}]\n")
    for workflow in written(repository).values():
        assert workflow["env"]["RECONCILER_OUTLETS"] == (
            "build/b s3://acme-bots/live?endpoint_url=https%3A%2F%2Fs3.acme.example%3A9000"
        )


def test_workflows_pass_the_linters(repository: Path):
    paths = [str(path) for path in write_workflows(repository / "bots")]
    schema = [str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.github-workflows"]
    for command in (schema, [str(BIN / "zizmor"), "--offline", "--quiet"]):
        done = subprocess.run([*command, *paths], capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_existing_workflows_are_not_overwritten(repository: Path):
    write_workflows(repository / "bots")
    with pytest.raises(ReconcilerError, match="already exists"):
        write_workflows(repository / "bots")


def test_workflows_outside_a_repository_are_an_error(tmp_path: Path):
    init(tmp_path / "bots")
    with pytest.raises(ReconcilerError, match="is not a Git repository"):
        write_workflows(tmp_path / "bots")
