"""A pull request edits what names a server, a file or a variable. In CI, no command sends or reads anything there."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Cli
from tests.support.recording import Recorded, recording
from tests.support.state_repositories import ENVIRON, git

SECRETS = {
    "OPENAI_API_KEY": "sk-secret-of-the-job",
    "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "aws-secret-of-the-job",
    "AWS_SESSION_TOKEN": "token-of-the-job",
    "RECONCILER_POSTGRES_DSN": "postgres://user:dsn-secret-of-the-job@127.0.0.1:1/state",
}
COMMANDS = ["plan", "plan --offline", "drift", "status"]
every_command = pytest.mark.parametrize("words", COMMANDS)


@pytest.fixture(autouse=True)
def job(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what the job of a pull request has: credentials, and `CI`."""
    for name, value in {**SECRETS, "CI": "true"}.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def server():
    with recording() as found:
        yield found


def edited(project: Path, **spec: Any) -> None:
    document = {"apiVersion": "reconciler/v1", "kind": "Project", "metadata": {"name": "acme"}}
    text = json.dumps({**document, "spec": {"defaults": {"target": "responses"}, **spec}})
    (project / "project.yaml").write_text(text, encoding="utf-8")


def bucket(server: Recorded) -> dict[str, str]:
    return {"bucket": "acme-state", "region": "eu-central-1", "endpoint_url": server.url}


@every_command
class TestServers:
    def test_of_the_api(self, project, cli: Cli, server: Recorded, monkeypatch, words):
        monkeypatch.delenv("RECONCILER_ENDPOINT")
        edited(project, endpoint=f"{server.url}/v1")
        done = cli(*words.split())
        assert (done.code, server.requests) == (1, [])
        assert "error[endpoint-not-allowed]" in done.err
        assert f"set RECONCILER_ENDPOINT={server.url}/v1 in the workflow" in done.err

    def test_of_the_api_while_the_workflow_names_one(self, project, cli: Cli, server: Recorded, words):
        edited(project, endpoint=f"{server.url}/v1")
        assert cli(*words.split()).code in (0, 2)
        assert server.requests == []

    def test_of_the_state(self, project, cli: Cli, server: Recorded, words):
        edited(project, state={"backend": "s3", **bucket(server)})
        done = cli(*words.split())
        assert (done.code, server.requests) == (1, [])
        assert "error[state-not-allowed]" in done.err

    def test_of_the_state_while_the_workflow_names_one(self, project, cli: Cli, server: Recorded, monkeypatch, words):
        monkeypatch.setenv("RECONCILER_STATE", "local")
        edited(project, state={"backend": "s3", **bucket(server)})
        assert cli(*words.split()).code in (0, 2)
        assert server.requests == []

    @pytest.mark.parametrize("state", [None, "local"])
    def test_of_the_state_of_a_peer(self, project, cli: Cli, server: Recorded, monkeypatch, words, state):
        assert cli("apply", "--yes").code == 0
        if state:
            monkeypatch.setenv("RECONCILER_STATE", state)
        (project / "chatbots/helper.yaml").unlink()
        (project / "assistants/helper.yaml").unlink()
        (project / "stores/handbook.yaml").unlink()
        edited(project, peers=[{"identity": "globex", "state": {"backend": "s3", **bucket(server)}}])
        cli(*words.split())
        assert server.requests == []

    def test_of_an_outlet(self, project, cli: Cli, server: Recorded, words):
        edited(project, outlets=[{"s3": bucket(server)}])
        assert cli(*words.split()).code in (0, 2)
        assert server.requests == []

    @pytest.mark.parametrize("region", ["x.evil.example/", "x.evil.example#", "127.0.0.1:1/?"])
    def test_in_a_region(self, project, cli: Cli, words, region):
        edited(project, outlets=[{"s3": {"bucket": "acme-bundles", "region": region}}])
        done = cli(*words.split())
        assert done.code == 1
        assert "is not a valid region" in done.err

    def test_in_the_name_of_a_remote(self, project, cli: Cli, tmp_path, monkeypatch, words):
        """Git takes a word that is not the name of a remote for the path of a repository, and runs its hooks."""
        for name, value in ENVIRON.items():
            monkeypatch.setenv(name, value)
        git(tmp_path, "init", "--quiet")
        git(tmp_path, "init", "--quiet", "--bare", "acme/forged")
        hook = project / "forged/hooks/pre-receive"
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/mark\n")
        hook.chmod(0o755)
        edited(project, state={"backend": "git", "remote": "acme/forged"})
        for command in (words, "apply --yes"):
            done = cli(*command.split())
            assert done.code == 1
            assert "No such remote: acme/forged" in done.err
        assert not (tmp_path / "mark").exists()


SECRET_FILES = {
    "absolute": "/proc/self/environ",
    "above": "../secret.txt",
    "hidden": ".git/config",
    "linked": "prompts/linked.md",
    "linked folder": "linked/secret.txt",
}


class TestFiles:
    """Files of the runner are not read into a prompt, a store or an outlet."""

    @pytest.fixture(autouse=True)
    def secrets(self, project: Path) -> None:
        (project.parent / "secret.txt").write_text("secret-of-the-runner")
        (project / ".git").mkdir()
        (project / ".git/config").write_text("secret-of-the-runner")
        (project / "prompts/linked.md").symlink_to(project.parent / "secret.txt")
        (project / "linked").symlink_to(project.parent)

    @pytest.mark.parametrize("path", SECRET_FILES.values(), ids=SECRET_FILES)
    @pytest.mark.parametrize("form", ["prompt", "file"])
    def test_a_file_outside_the_project_is_not_read(self, project, cli: Cli, path, form):
        if form == "prompt":
            spec: dict[str, Any] = {"model": "gpt-6-luna", "instructions": {"$file": path}}
            document = {"kind": "Assistant", "metadata": {"name": "helper"}, "spec": spec}
            target = "assistants/helper.yaml"
        else:
            document = {"kind": "VectorStore", "metadata": {"name": "handbook"}, "spec": {"files": [path]}}
            target = "stores/handbook.yaml"
        (project / target).write_text(json.dumps({"apiVersion": "reconciler/v1", **document}))
        done = cli("plan", "-o", "json")
        assert done.code == 1
        assert "secret-of" not in done.out + done.err

    def test_a_link_in_the_folder_of_an_outlet_is_not_followed(self, project, cli: Cli, monkeypatch):
        monkeypatch.delenv("CI")
        edited(project, outlets=[{"directory": ".bundles"}])
        for link in ("prompts/linked.md", "linked"):
            (project / link).unlink()
        assert cli("apply", "--yes").code == 0
        pointer = project / ".bundles/acme/assistant/helper.json"
        pointer.unlink()
        pointer.symlink_to(project.parent / "secret.txt")
        done = cli("plan")
        assert done.code == 1
        assert "error[io]: a link leads out of the outlet" in done.err


class TestVariables:
    @pytest.mark.parametrize(
        "value", ["${OPENAI_API_KEY}", "$OPENAI_API_KEY", "{{env.OPENAI_API_KEY}}", {"$env": "OPENAI_API_KEY"}]
    )
    def test_no_value_reads_a_variable_of_the_environment(self, project, cli: Cli, value):
        spec = {"model": "gpt-6-luna", "instructions": value}
        document = {"apiVersion": "reconciler/v1", "kind": "Assistant", "metadata": {"name": "helper"}, "spec": spec}
        (project / "assistants/helper.yaml").write_text(json.dumps(document))
        done = cli("plan", "-o", "json")
        assert os.environ["OPENAI_API_KEY"] not in done.out + done.err
        assert done.code == (1 if isinstance(value, dict) else 0)
