"""Tests of the pipeline for GitLab CI: it is valid for each project, and installs without credentials."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from reconciler.resources.problems import ReconcilerError
from reconciler.workflows import Setup
from reconciler.workflows.gitlab import including, pipeline
from tests.workflows.setups import BIN, LOCKED, S3, SECRETS, SETUPS, WHOLE

STUB = """#!/bin/sh
echo "$@"
env
"""


def parsed(setup: Setup) -> dict[str, Any]:
    text = pipeline(setup, LOCKED)[f".gitlab/{setup.prefix}.yml"]
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return found


@pytest.mark.parametrize("setup", SETUPS.values(), ids=SETUPS)
def test_files_are_valid(tmp_path: Path, setup: Setup):
    (tmp_path / "root.yml").write_text(including(setup))
    (tmp_path / "jobs.yml").write_text(pipeline(setup, LOCKED)[".gitlab/reconciler.yml"])
    command = [str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.gitlab-ci", "root.yml", "jobs.yml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_secrets_of_manifests_may_be_read_only_by_the_jobs_that_apply():
    found = {key: job["variables"] for key, job in parsed(SECRETS).items() if "RECONCILER_ENV_ALLOW" in str(job)}
    assert found == {
        f"reconciler-{name}-apply": {"RECONCILER_ENV": name, "RECONCILER_ENV_ALLOW": "CRM_TOKEN,METER_API_KEY"}
        for name in ("staging", "production")
    }


@pytest.mark.parametrize("endpoint", ["embedded", "embedded+assistants"])
def test_embedded_api_which_no_job_would_keep_is_refused(endpoint: str):
    with pytest.raises(ReconcilerError, match="jobs of GitLab do not keep it"):
        pipeline(replace(WHOLE, endpoint=endpoint, state=""), LOCKED)


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_installation_gets_the_settings_of_the_network_and_no_credentials(tmp_path: Path, shell: str):
    """Runners behind a proxy, or with an index of their own, set them for all jobs."""
    (tmp_path / "python").write_text(STUB)
    (tmp_path / "python").chmod(0o755)
    network = {"HTTPS_PROXY": "http://proxy.example:3128", "NO_PROXY": ".example, .test", "PIP_INDEX_URL": "https://i/"}
    secret = {
        "OPENAI_API_KEY": "sk-1",
        "GITLAB_TOKEN": "glpat-1",
        "CI_JOB_TOKEN": "job-1",
        "AWS_SECRET_ACCESS_KEY": "s",
    }
    path = os.pathsep.join((str(tmp_path), os.environ["PATH"]))
    given = {"PATH": path, "HOME": str(tmp_path), "SSL_CERT_FILE": "", **network, **secret}
    line = parsed(S3)[".reconciler"]["before_script"][0]
    done = subprocess.run([shell, "-ec", line], env=given, capture_output=True, text=True, timeout=60, check=True)
    words, *environ = done.stdout.splitlines()
    assert words.startswith("-I -m pip install ")
    assert "--require-hashes --only-binary :all: --requirement .gitlab/reconciler-requirements.txt" in words
    found = dict(entry.split("=", 1) for entry in environ)
    assert {name: found.get(name) for name in network} == network
    assert found.keys() - network.keys() <= {"PATH", "HOME", "PWD", "SHLVL", "_", "OLDPWD"}


@pytest.mark.parametrize("setup", SETUPS.values(), ids=SETUPS)
def test_estate_page_is_published_by_a_job_without_credentials_and_only_if_it_is_switched_on(setup: Setup):
    found = parsed(setup)
    drifts = [name for name in found if name.endswith("-drift")]
    assert all(found[name]["artifacts"]["paths"] == [".reconciler-estate/"] for name in drifts)
    pages = found["reconciler-pages"]
    assert (pages["needs"], pages["pages"]) == (drifts, {"publish": "public"})
    (rule,) = pages["rules"]
    assert rule["if"].split(" && ") == [
        '$RECONCILER_PAGES == "true"',
        '$CI_PIPELINE_SOURCE == "schedule"',
        "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH",
    ]
    assert not {"extends", "environment", "id_tokens"} & pages.keys()


def test_pages_of_all_environments_are_published_with_an_index(tmp_path: Path):
    folder = tmp_path / ".reconciler-estate" / "reconciler-staging"
    folder.mkdir(parents=True)
    (folder / "index.html").write_text("staging")
    script = "\n".join(parsed(S3)["reconciler-pages"]["script"])
    subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, check=True, timeout=60)
    assert (tmp_path / "public" / "reconciler-staging" / "index.html").read_text() == "staging"
    assert '<a href="reconciler-staging/">' in (tmp_path / "public" / "index.html").read_text()
