"""An S3 outlet from its first plan to its removal, with a server, on a workstation and in CI."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.bundles import load
from reconciler.project.outlets import ALLOWED
from reconciler.s3 import objects
from reconciler.s3.location import Location
from reconciler.s3.objects import Objects
from tests.support.cli import Cli, edit
from tests.support.recording import recording
from tests.support.servers import S3Server
from tests.support.silent import silent

TOKEN = "session-token-of-the-job"
POINTERS = {"acme/assistant/helper.json", "acme/chatbot/helper@working.json"}
Outlets = Callable[..., None]


@pytest.fixture
def outlets(project: Path) -> Outlets:
    """Return a function that sets the outlets of the project."""

    def outlets(*locations: Location) -> None:
        buckets = [
            {"bucket": one.bucket, "prefix": one.prefix, "region": one.region, "endpoint_url": one.endpoint_url}
            for one in locations
        ]
        spec = {"defaults": {"target": "responses"}, "outlets": [{"s3": bucket} for bucket in buckets]}
        document = {"apiVersion": "reconciler/v1", "kind": "Project", "metadata": {"name": "acme"}, "spec": spec}
        (project / "project.yaml").write_text(json.dumps(document))

    return outlets


@pytest.fixture
def in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"CI": "true", "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "x"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)


def pointers(bucket: Location) -> set[str]:
    return {key for key in Objects(bucket).list("") if "/blobs/" not in key}


def test_the_life_of_an_outlet(project: Path, cli: Cli, outlets: Outlets, bucket: Location):
    outlets(bucket)
    assert cli("apply", "--yes").code == 0
    assert pointers(bucket) == POINTERS
    assert load(bucket.url, "acme", "assistant/helper").request("assistant/helper")["model"]
    assert cli("plan", "--detailed-exitcode").code == 0

    edit(project / "prompts/helper.md", "You", "Today you")
    assert cli("plan", "--detailed-exitcode").code == 2
    assert cli("apply", "--yes").code == 0
    assert "Today you" in load(bucket.url, "acme", "assistant/helper").request("assistant/helper")["instructions"]

    Objects(bucket).delete(["acme/assistant/helper.json"])
    assert cli("drift").code == 2
    assert cli("apply", "--yes", "--on-drift", "keep").code == 0
    assert pointers(bucket) == POINTERS

    (project / "chatbots/helper.yaml").unlink()
    assert cli("apply", "--yes").code == 0
    assert pointers(bucket) == {"acme/assistant/helper.json"}

    outlets()
    removed = cli("plan")
    assert "no longer names it" in removed.out
    assert cli("apply", "--yes").code == 0
    assert cli("plan", "--detailed-exitcode").code == 0
    assert pointers(bucket) == {"acme/assistant/helper.json"}


class TestInCI:
    """A pull request adds an outlet. Its endpoint receives nothing until the workflow names it."""

    @pytest.fixture(autouse=True)
    def setting(self, applied: Path, in_ci: None) -> None: ...

    @pytest.mark.parametrize("words", ["plan", "drift", "status", "plan --offline", "pull --all", "state list"])
    def test_no_command_of_a_pull_request_contacts_a_new_endpoint(self, cli: Cli, outlets: Outlets, words: str):
        with recording() as server:
            outlets(Location("acme-bundles", "bots", "eu-central-1", server.url))
            done = cli(*words.split())
        assert done.code in (0, 2), done.err
        assert server.requests == []

    def test_the_plan_shows_what_the_workflow_must_name(self, cli: Cli, outlets: Outlets):
        with recording() as server:
            outlets(Location("acme-bundles", "bots", "eu-central-1", server.url))
            plan = cli("plan").out
            applied = cli("apply", "--yes")
        assert "not written to s3://acme-bundles/bots" in plan
        assert "is a new outlet and was not read" in plan
        assert f"names {server.url}" in plan
        assert (applied.code, server.requests) == (1, [])
        assert "outlet-not-allowed]: the outlet s3://acme-bundles/bots" in applied.err
        assert f"add {server.url} to {ALLOWED} in the workflow" in applied.err

    def test_the_reviewed_plan_of_a_new_outlet_is_applied(
        self, cli: Cli, outlets: Outlets, bucket: Location, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        """At the endpoint of the environment, as at Amazon, apply contacts a new outlet."""
        monkeypatch.setenv("AWS_ENDPOINT_URL", bucket.endpoint_url or "")
        outlets(replace(bucket, endpoint_url=None))
        assert cli("plan", "--out", tmp_path / "plan.json").code == 0
        assert pointers(bucket) == set()
        assert cli("apply", tmp_path / "plan.json", "--yes").code == 0
        assert pointers(bucket) == POINTERS
        assert cli("plan", "--detailed-exitcode").code == 0
        assert "new outlet" not in cli("plan").out

    def test_an_outlet_that_the_workflow_names_is_read_before_its_first_apply(
        self, cli: Cli, outlets: Outlets, bucket: Location, monkeypatch: pytest.MonkeyPatch
    ):
        outlets(bucket)
        monkeypatch.setenv(ALLOWED, bucket.endpoint_url or "")
        assert "new outlet" not in cli("plan").out
        assert cli("apply", "--yes").code == 0
        monkeypatch.delenv(ALLOWED)
        assert cli("plan", "--detailed-exitcode").code == 0

    def test_a_changed_endpoint_of_a_known_bucket_is_a_new_outlet(
        self, cli: Cli, outlets: Outlets, bucket: Location, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setenv("AWS_ENDPOINT_URL", bucket.endpoint_url or "")
        outlets(replace(bucket, endpoint_url=None))
        assert cli("apply", "--yes").code == 0
        with recording() as server:
            outlets(replace(bucket, endpoint_url=server.url))
            assert "new outlet" in cli("plan").out
        assert server.requests == []


class TestServers:
    """What a command reports about a server that does not do what it should."""

    @pytest.fixture(autouse=True)
    def setting(self, applied: Path, in_ci: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("CI")

    @pytest.mark.parametrize("words", ["plan", "apply --yes", "drift", "status"])
    def test_a_redirect_is_not_followed(self, cli: Cli, outlets: Outlets, words: str):
        with recording() as other, recording(307, {"Location": other.url}) as server:
            outlets(Location("acme-bundles", "bots", "eu-central-1", server.url))
            done = cli(*words.split())
        assert (done.code, other.requests) == (1, [])
        assert "it answered 307" in done.err
        assert TOKEN not in done.err

    def test_wrong_credentials_are_named(self, cli: Cli, outlets: Outlets, bucket: Location, s3_server: S3Server):
        outlets(bucket)
        s3_server.check_keys(True)
        try:
            done = cli("plan")
        finally:
            s3_server.check_keys(False)
        assert done.code == 1
        assert "it answered InvalidAccessKeyId" in done.err
        assert "AWS_ACCESS_KEY_ID" in done.err

    @pytest.mark.parametrize("drips", [False, True])
    def test_a_slow_server_ends_the_command(self, cli: Cli, outlets: Outlets, drips: bool, monkeypatch):
        monkeypatch.setattr(objects, "_SECONDS", 0.3)
        with silent(drips=drips) as url:
            outlets(Location("acme-bundles", "bots", "eu-central-1", url.removesuffix("/v1")))
            done = cli("plan")
        assert done.code == 1
        assert "Read timeout on endpoint URL" in done.err

    def test_a_missing_bucket_is_reported_before_anything_is_written(
        self, cli: Cli, outlets: Outlets, bucket: Location, applied: Path
    ):
        edit(applied / "prompts/helper.md", "You", "Today you")
        outlets(replace(bucket, bucket="no-such-bucket"))
        assert "NoSuchBucket" in cli("apply", "--yes").err
        outlets()
        assert cli("plan", "--detailed-exitcode").code == 2
