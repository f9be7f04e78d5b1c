"""Tests of the workflows for GitHub Actions: they fit the project, and pass the linters of this repository."""

import http.server
import os
import subprocess
import tarfile
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from reconciler.resources.problems import ReconcilerError
from reconciler.workflows import Setup, Source
from reconciler.workflows.github import environments, workflows
from reconciler.workflows.gitlab import pipeline
from tests.support.own_workflows import ROOT, own_workflows
from tests.workflows.setups import ACTION, BIN, GIT, LOCKED, MINIO, POSTGRES, S3, SECRETS, SETUPS, WHOLE

ONLY_HERE = (
    ".ci/",
    "constraints",
    "manifests/",
    '"manifests"',
    "reconciler/github",
    "embedded",
    "RECONCILER_VERSION",
    "workflow_call",
    "emulator",
    "./setup",
)


def parsed(setup: Setup, source: Source = ACTION) -> dict[str, Any]:
    """Return the workflows by name."""
    texts = {Path(path).stem.rpartition("-")[2]: text for path, text in workflows(setup, source).items()}
    return {name: YAML(typ="safe", pure=True).load(text) for name, text in texts.items() if name != "requirements"}


def jobs(setup: Setup, source: Source = ACTION) -> dict[str, dict[str, Any]]:
    return {f"{name}.{key}": job for name, file in parsed(setup, source).items() for key, job in file["jobs"].items()}


@pytest.mark.parametrize("endpoint", ["embedded", "embedded+assistants"])
def test_the_embedded_api_is_kept_between_runs(endpoint: str):
    for path, text in workflows(replace(WHOLE, endpoint=endpoint, state=""), ACTION).items():
        assert "- name: Restore the embedded API and its state" in text, path


@pytest.mark.parametrize("source", [ACTION, LOCKED], ids=["action", "locked"])
@pytest.mark.parametrize("setup", SETUPS.values(), ids=SETUPS)
def test_workflows_pass_the_linters(tmp_path: Path, setup: Setup, source: Source):
    paths = []
    for path, text in workflows(setup, source).items():
        paths += [tmp_path / Path(path).name] if path.endswith(".yml") else []
        (tmp_path / Path(path).name).write_text(text)
    schema = [str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.github-workflows"]
    for command in (schema, [str(BIN / "zizmor"), "--offline", "--quiet"]):
        done = subprocess.run([*command, *paths], capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("setup", SETUPS.values(), ids=SETUPS)
def test_workflows_contain_nothing_of_this_repository(setup: Setup):
    for text in workflows(setup, ACTION).values():
        assert [word for word in ONLY_HERE if word in text] == []


def test_own_workflows_are_those_that_init_writes():
    """To write them again: make workflows."""
    for path, text in own_workflows().items():
        assert (ROOT / path).read_text(encoding="utf-8") == text, path


def test_every_job_with_a_key_names_the_environment_of_its_entry():
    found = jobs(GIT)
    names = {
        "plan.plan": "reconciler-${{ matrix.env }}-read",
        "apply.reviewed": "reconciler-${{ matrix.env }}",
        "apply.plan": "reconciler-${{ matrix.env }}-read",
        "apply.approved": "reconciler-${{ matrix.env }}-approval",
        "drift.drift": "reconciler-${{ matrix.env }}-read",
        "drift.pages": "github-pages",
        "rollback.rollback": "reconciler-${{ inputs.env }}",
    }
    environment = {key: job["environment"] for key, job in found.items() if "environment" in job}
    assert {key: one["name"] if isinstance(one, dict) else one for key, one in environment.items()} == names
    assert found.keys() - names.keys() == {"plan.comment"}


def test_writing_key_is_only_in_jobs_that_apply():
    holders = {key for key, job in jobs(GIT).items() if "secrets.OPENAI_API_KEY" in str(job)}
    assert holders == {"apply.reviewed", "apply.approved", "rollback.rollback"}


def test_a_rollback_uses_the_writing_key_only_for_a_plan_that_writes_to_openai():
    steps = jobs(GIT)["rollback.rollback"]["steps"]
    keys = [step["env"]["OPENAI_API_KEY"] for step in steps if "OPENAI_API_KEY" in step.get("env", {})]
    assert keys == [
        "${{ secrets.OPENAI_READ_KEY }}",
        "${{ steps.rollback.outputs.writes == 'true' && secrets.OPENAI_API_KEY || secrets.OPENAI_READ_KEY }}",
    ]


def test_secrets_of_manifests_are_only_in_the_steps_that_apply():
    found = {
        (key, step.get("name")): {name: step["env"].get(name) for name in ("RECONCILER_ENV_ALLOW", "CRM_TOKEN")}
        for key, job in jobs(SECRETS).items()
        for step in (*job["steps"], {"name": "job", "env": job.get("env")})
        if "CRM_TOKEN" in str(step)
    }
    given = {"RECONCILER_ENV_ALLOW": "CRM_TOKEN,METER_API_KEY", "CRM_TOKEN": "${{ secrets.CRM_TOKEN }}"}
    assert found == {
        ("apply.reviewed", "Apply the reviewed changes"): given,
        ("apply.approved", "Apply the approved plan"): given,
        ("rollback.rollback", "Move the pointer"): given,
    }
    assert not any("CRM_TOKEN" in str(file["env"]) for file in parsed(SECRETS).values())


def test_embedded_api_whose_data_pull_requests_can_read_gets_placeholders():
    setup = replace(SECRETS, endpoint="embedded", state="")
    steps = [step for job in jobs(setup).values() for step in job["steps"] if "CRM_TOKEN" in str(step)]
    assert [step["env"]["CRM_TOKEN"] for step in steps] == ["placeholder"] * 3
    assert not any("CRM_TOKEN" in secrets for _, secrets, _ in environments(setup))


@pytest.mark.parametrize("source", [ACTION, LOCKED], ids=["action", "locked"])
@pytest.mark.parametrize("setup", SETUPS.values(), ids=SETUPS)
def test_no_token_is_in_the_environment_of_an_installation(setup: Setup, source: Source):
    for name, file in parsed(setup, source).items():
        for key, job in file["jobs"].items():
            installs = [step for step in job["steps"] if "setup@" in str(step) or "pip install" in str(step)]
            assert installs or (name, key) == ("drift", "pages")
            around = (file["env"], job.get("env", {}), *(step.get("env", {}) for step in installs))
            assert not any("secrets." in str(one) or "token }}" in str(one) for one in around)


def test_installation_has_the_extras_that_the_state_needs():
    def extras(setup: Setup) -> set[str]:
        steps = (step for job in jobs(setup).values() for step in job["steps"] if step.get("uses") == ACTION.uses)
        return {step.get("with", {}).get("extras", "") for step in steps} - {""}

    assert [extras(setup) for setup in SETUPS.values()] == [set(), {"s3"}, {"s3"}, {"postgres"}, set(), set()]
    texts = workflows(S3, LOCKED)
    assert texts[".github/reconciler-requirements.txt"].endswith(f"{LOCKED.requirement}\nb\ns\n")


def test_permissions_are_those_that_the_state_needs():
    def access(setup: Setup) -> dict[str, tuple[str, str]]:
        found = {key: job["permissions"] for key, job in jobs(setup).items()}
        return {key: (one.get("contents", "none"), one.get("id-token", "none")) for key, one in found.items()}

    reading = {"plan.plan", "plan.comment", "apply.plan", "drift.drift"}
    assert {key for key, one in access(GIT).items() if one == ("read", "none")} == reading
    assert {key for key, one in access(POSTGRES).items() if one[0] == "write"} == {"rollback.rollback"}
    assert {key for key, one in access(S3).items() if one[1] == "none"} == {"plan.comment"}
    assert {key for key, one in access(MINIO).items() if one[1] != "none"} == {"drift.pages"}


@pytest.mark.parametrize("setup", SETUPS.values(), ids=SETUPS)
def test_estate_page_is_published_by_one_job_that_reads_nothing_and_only_if_it_is_switched_on(setup: Setup):
    found = jobs(setup)
    assert {key for key, job in found.items() if "pages" in job["permissions"]} == {"drift.pages"}
    pages = found["drift.pages"]
    assert pages["if"] == "vars.RECONCILER_PAGES == 'true' && github.ref == 'refs/heads/main'"
    assert pages["permissions"] == {"pages": "write", "id-token": "write"}
    assert "secrets." not in str(pages)
    assert parsed(setup)["drift"]["on"].keys() == {"schedule", "workflow_dispatch"}, "no pull request starts it"


def test_branch_with_a_quote_is_quoted_in_the_condition_of_the_page():
    assert "github.ref == 'refs/heads/it''s'" in jobs(replace(GIT, branch="it's"))["drift.pages"]["if"]


def test_the_estate_page_of_each_environment_is_an_artifact_of_the_drift_run():
    steps = jobs(GIT)["drift.drift"]["steps"]
    page, upload = steps[-2:]
    assert page["env"]["OPENAI_API_KEY"] == "${{ secrets.OPENAI_READ_KEY }}"
    assert upload["with"]["name"] == "reconciler-estate-${{ matrix.env || 'project' }}"


def test_pages_of_all_environments_are_in_one_archive_with_an_index(tmp_path: Path):
    (script,) = [step["run"] for step in jobs(GIT)["drift.pages"]["steps"] if "run" in step]
    for name in ("production", "staging"):
        folder = tmp_path / "estates" / f"reconciler-estate-{name}"
        folder.mkdir(parents=True)
        (folder / "index.html").write_text(name)
    subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, check=True, timeout=60)
    with tarfile.open(tmp_path / "artifact.tar") as archive:
        assert {name for name in archive.getnames() if name.endswith(".html")} == {
            *("./index.html", "./production/index.html", "./staging/index.html"),
        }
    assert '<a href="staging/">staging</a>' in (tmp_path / "site" / "index.html").read_text()


@pytest.mark.parametrize("setup", SETUPS.values(), ids=SETUPS)
def test_applies_and_rollbacks_of_an_environment_wait_in_one_queue(setup: Setup):
    waiting = {key: job["concurrency"] for key, job in jobs(setup).items() if "queue" in str(job.get("concurrency"))}
    assert waiting.keys() == {"apply.reviewed", "apply.approved", "rollback.rollback"}
    assert all(one["queue"] == "max" and not one["cancel-in-progress"] for one in waiting.values())
    groups = {one["group"].replace("inputs.", "matrix.") for one in waiting.values()}
    written = {group.replace("${{ matrix.project }}", setup.project) for group in groups}
    assert len({group if setup.environments else group.replace("${{ matrix.env }}", "") for group in written}) == 1


def test_push_is_filtered_by_paths_only_for_a_part_of_the_repository():
    assert parsed(GIT)["apply"]["on"]["push"] == {
        "branches": ["main"],
        "paths": ["bots/**", ".github/workflows/reconciler-apply.yml"],
    }
    assert parsed(WHOLE)["apply"]["on"]["push"] == {"branches": ["main"]}
    assert "paths" not in parsed(GIT)["plan"]["on"]["pull_request"], "a required check would never be reported"


def test_characters_of_patterns_in_the_folder_and_the_branch_are_literal():
    push = parsed(replace(GIT, project="apps/[team] a+b", branch="main+next"))["apply"]["on"]["push"]
    assert push["paths"][0] == r"apps/\[team\] a\+b/**"
    assert push["branches"] == [r"main\+next"]


def test_token_for_aws_is_requested_with_its_audience_and_only_where_it_is_offered(tmp_path: Path):
    (script,) = {step["run"] for job in jobs(S3).values() for step in job["steps"] if step.get("id") == "aws"}
    asked = []

    class Issuer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["authorization"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"value": "a.b.c"}')

        def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002 - the name of the base class

    def run(**environ: str) -> str:
        given = {"PATH": os.environ["PATH"], "RUNNER_TEMP": str(tmp_path), "GITHUB_OUTPUT": str(tmp_path / "out")}
        subprocess.run(["bash", "-e", "-c", script], env={**given, **environ}, check=True, timeout=60)
        return (tmp_path / "out").read_text() if (tmp_path / "out").exists() else ""

    assert run() == "", "a fork"
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Issuer) as server:
        threading.Thread(target=server.handle_request).start()
        url = f"http://127.0.0.1:{server.server_port}/token?v=1"
        found = run(ACTIONS_ID_TOKEN_REQUEST_URL=url, ACTIONS_ID_TOKEN_REQUEST_TOKEN="offered")
    assert asked == [("/token?v=1&audience=sts.amazonaws.com", "bearer offered")]
    assert found == f"token={tmp_path}/aws-token\n"
    assert (tmp_path / "aws-token").read_text() == "a.b.c\n"


def test_environments_with_one_name_and_two_keys_are_refused():
    with pytest.raises(ReconcilerError, match="would be named reconciler-live-read"):
        workflows(replace(GIT, environments=("live", "live-read")), ACTION)
    with pytest.raises(ReconcilerError, match="would be named reconciler-live-read"):
        pipeline(replace(GIT, environments=("live", "live-read")), LOCKED)


def test_steps_name_secrets_and_reviewers_of_each_environment():
    assert [*environments(replace(S3, environments=("a", "b")))][3:5] == [
        ("reconciler-b-read", "OPENAI_READ_KEY, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY", "no restriction"),
        (
            "reconciler-b",
            "OPENAI_API_KEY, OPENAI_READ_KEY, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY",
            "only the branch main; required reviewers",
        ),
    ]


def test_steps_name_the_secrets_of_manifests_for_the_environments_that_apply():
    assert [secrets for _, secrets, _ in environments(replace(SECRETS, environments=("a",)))] == [
        "OPENAI_READ_KEY",
        "OPENAI_API_KEY, OPENAI_READ_KEY, CRM_TOKEN, METER_API_KEY",
        "OPENAI_API_KEY, CRM_TOKEN, METER_API_KEY",
    ]
