"""`export`: what an application loads."""

import json
from pathlib import Path

import pytest

from tests.support.cli import Cli

CLERK = """
apiVersion: reconciler/v1
kind: Assistant
metadata: {name: clerk}
spec: {target: agents, model: gpt-6-luna, instructions: File it.}
---
apiVersion: reconciler/v1
kind: Pipeline
metadata: {name: desk}
spec:
  nodes: {clerk: {type: assistant, assistant: clerk}}
  edges: [{from: start, to: clerk}, {from: clerk, to: end}]
"""


def test_an_assistant_is_the_request_with_live_ids(applied, cli: Cli):
    store = cli("state", "show", "vectorstore/handbook").document["id"]
    request = cli("export", "assistant/helper").document["assistants"]["assistant/helper"]["request"]
    assert request["model"] == "gpt-6-luna"
    assert request["tools"] == [{"type": "file_search", "vector_store_ids": [store]}]


def test_an_agent_is_its_id_alone_and_in_a_pipeline(applied: Path, cli: Cli):
    (applied / "assistants" / "clerk.yaml").write_text(CLERK)
    assert cli("apply", "--yes").code == 0
    clerk = cli("export", "assistant/clerk").document["assistants"]["assistant/clerk"]
    assert clerk["agent"] == cli("state", "show", "assistant/clerk").document["id"]
    pipeline = cli("export", "pipeline/desk").document
    assert list(pipeline["pipelines"]) == ["pipeline/desk"]
    assert pipeline["assistants"]["assistant/clerk"] == clerk


def test_the_draft_of_a_chatbot(applied, cli: Cli):
    bundle = cli("export", "chatbot/helper@working").document
    assert bundle["address"] == "chatbot/helper@working"
    assert list(bundle["assistants"]) == ["assistant/helper"]


def test_a_chatbot_without_release_points_at_its_draft(applied, cli: Cli):
    done = cli("export", "chatbot/helper")
    assert (done.code, done.out) == (1, "")
    assert "reconciler export chatbot/helper@working" in done.err


def test_an_unapplied_object_is_not_published(project, cli: Cli):
    done = cli("export", "assistant/helper")
    assert done.code == 1
    assert "nothing is published at assistant/helper of acme" in done.err
    assert "`reconciler apply`" in done.err


class TestReleases:
    @pytest.fixture
    def released(self, applied: Path, cli: Cli) -> Path:
        """The first release of the bot, published."""
        assert cli("release", "helper", "--vendor", "--publish").code == 0
        assert cli("apply", "--yes").code == 0
        return applied

    def test_a_chatbot_is_the_release_that_it_has_published(self, released, cli: Cli):
        bundle = cli("export", "chatbot/helper").document
        assert (bundle["address"], bundle["release"]["number"]) == ("chatbot/helper@1", 1)
        request = bundle["assistants"]["assistant/helper@helper.1"]["request"]
        assert request["metadata"]["reconciler-release"] == "helper@1"
        assert cli("export", "chatbot/helper@1").document == bundle
        assert cli("export", "release/helper@1").document == bundle

    def test_an_edit_is_in_the_draft_only(self, released: Path, cli: Cli):
        (released / "prompts" / "helper.md").write_text("Answer in verse.")
        assert cli("apply", "--yes").code == 0
        draft = cli("export", "chatbot/helper@working").document
        assert draft["assistants"]["assistant/helper"]["request"]["instructions"] == "Answer in verse."
        assert "verse" not in cli("export", "chatbot/helper").out

    @pytest.mark.parametrize("address", ["chatbot/helper@2", "release/helper@2", "assistant/helper@helper.2"])
    def test_an_unknown_release_is_an_error(self, released, cli: Cli, address):
        done = cli("export", address)
        assert (done.code, done.out) == (1, "")
        assert "To create the releases in the manifests" in done.err


@pytest.mark.parametrize("address", ["assistant/../../etc", "assistant/a b", "assistant/nobody", "nonsense/x"])
def test_an_address_that_cannot_be_is_an_error(applied, cli: Cli, address):
    done = cli("export", address)
    assert (done.code, done.out) == (1, "")
    assert "error[not-published]" in done.err


def test_export_to_a_file(applied, cli: Cli, tmp_path):
    done = cli("export", "assistant/helper", "--out", tmp_path / "bundle.json")
    assert (done.code, done.out) == (0, "")
    assert json.loads((tmp_path / "bundle.json").read_text()) == cli("export", "assistant/helper").document
