"""A plan without a key: the manifests against what the state remembers."""

import pytest

from tests.cli.conftest import Cli, applied, cli, edit, project, rename_store, starter

__all__ = ["applied", "cli", "project", "starter"]  # fixtures

PROMPT = "prompts/helper.md"
STORE = "stores/handbook.yaml"


@pytest.fixture
def offline(cli: Cli, monkeypatch: pytest.MonkeyPatch):
    """Plan offline, with an API that nobody could reach."""

    def offline(*words: object):
        with monkeypatch.context() as nowhere:
            nowhere.setenv("RECONCILER_ENDPOINT", "http://127.0.0.1:9/v1")
            return cli("plan", "--offline", *words)

    return offline


def test_what_was_applied_and_is_still_wanted_makes_no_plan(applied, offline):
    done = offline("--detailed-exitcode", "-o", "json")
    assert (done.code, done.document["changes"], done.document["drift"]) == (0, [], [])
    assert done.document["warnings"][0]["code"] == "offline"


def test_edits_are_the_changes_that_a_plan_with_a_key_shows(applied, cli: Cli, offline):
    """Digest by digest: an edit of text, a new file, a delete."""
    edit(applied / PROMPT, "You", "Thou")
    edit(applied / STORE, "name: handbook\nspec:", "name: handbook\nspec:\n  name: manual")
    (applied / "kb" / "hours.md").write_text("From nine to five.")
    (applied / "chatbots" / "helper.yaml").unlink()
    found = offline("-o", "json").document["changes"]
    assert found == cli("plan", "-o", "json").document["changes"]
    assert len(found) > 3


def test_what_changed_by_hand_is_not_seen_and_the_plan_says_so(applied, offline):
    rename_store(applied, "by hand")
    done = offline()
    assert "Nothing to do" in done.out
    assert "made offline" in done.out


def test_before_the_first_apply_everything_is_made(project, offline):
    assert {change["action"] for change in offline("-o", "json").document["changes"]} == {"create"}


def test_a_target_that_is_nowhere(applied, offline):
    assert offline("--target", "assistant/nobody").code == 1


def test_a_refusal_that_the_manifests_alone_give_rise_to(applied, offline):
    (applied / "assistants" / "helper.yaml").unlink()
    assert offline().code == 3
