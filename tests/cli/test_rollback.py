"""Tests of `rollback`: an earlier release is published without a commit, and without other pending changes."""

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.operations import supervision
from reconciler.resources.address import Identity
from reconciler.state import lock
from reconciler.state.local import LocalStore
from tests.support.cli import Cli, Done, by_hand, edit

PROMPT = "prompts/helper.md"
BOT = "chatbots/helper.yaml"
BROKEN = "apiVersion: reconciler/v1\nkind: Assistant\nmetadata: {name: broken}\nspec: {modle: gpt-6-luna}\n"


def publish(project: Path, cli: Cli, *numbers: int) -> None:
    """Release and publish these numbers, one after the other."""
    for number in numbers:
        edit(project / PROMPT, "You", f"You, {number}")
        assert cli("release", "helper", "--vendor", "--publish").code == 0
        assert cli("apply", "--yes").code == 0


@pytest.fixture
def released(applied: Path, cli: Cli) -> Path:
    """Return a project that published release 1, then release 2."""
    publish(applied, cli, 1, 2)
    return applied


def published(project: Path) -> str:
    """Return the release that applications load."""
    bundles = project / ".reconciler/bundles/acme"
    pointer = json.loads((bundles / "chatbot/helper.json").read_text())
    content = json.loads((bundles / f"blobs/{pointer['blob'].removeprefix('sha256:')}.json").read_text())
    return f"release/helper@{content['release']['number']}"


def changed(plan: Done) -> list[tuple[str, str]]:
    return [(change["action"], change["address"]) for change in plan.document["changes"]]


class TestChoice:
    def test_the_default_is_the_release_that_was_published_before(self, released: Path, cli: Cli):
        publish(released, cli, 3)
        done = cli("rollback", "helper", "--yes")
        assert done.code == 0
        assert "Rollback of chatbot/helper to release 2, which was published before release 3." in done.out
        assert published(released) == "release/helper@2"

    def test_the_history_names_the_release(self, released: Path, cli: Cli):
        assert published(released) == "release/helper@2"
        assert cli("rollback", "helper", "--yes").code == 0
        assert "1 updated; publishes helper@" in cli("state", "history").out
        (latest, *_) = cli("state", "history", "-o", "json").document["applies"]
        assert latest["changes"] == {"created": 0, "updated": 1, "removed": 0}

    def test_a_second_rollback_goes_back_further_and_never_to_the_release_that_was_rolled_back(
        self, released: Path, cli: Cli
    ):
        publish(released, cli, 3)
        assert [cli("rollback", "helper", "--yes").code for _ in range(2)] == [0, 0]
        assert published(released) == "release/helper@1"
        done = cli("rollback", "helper", "--yes")
        assert done.code == 1
        assert "error[no-earlier-release]: the state records no release of chatbot/helper" in done.err
        assert "before release 1, to which it was already rolled back from release 2\n" in done.err
        assert "To undo the rollback, run `reconciler rollback helper 2`." in done.err
        assert "`reconciler rollback helper NUMBER`. Releases: 2, 3." in done.err

    def test_a_release_that_was_never_published_is_not_the_default(self, released: Path, cli: Cli):
        edit(released / PROMPT, "You", "You, 3")
        assert cli("release", "helper", "--vendor").code == 0
        assert cli("apply", "--yes").code == 0
        publish(released, cli, 4)
        assert "to release 2, which was published before release 4." in cli("rollback", "helper", "--dry-run").out

    def test_an_archived_release_is_skipped(self, released: Path, cli: Cli):
        publish(released, cli, 3)
        assert cli("archive", "release/helper@2").code == 0
        done = cli("rollback", "chatbot/helper", "--dry-run")
        assert "to release 1, which was published before release 3." in done.out
        assert "Archived releases were published in between and cannot be published again: 2." in done.out

    def test_a_release_that_an_apply_archived_is_neither_the_default_nor_offered(self, applied: Path, cli: Cli):
        publish(applied, cli, 1)
        helper = applied / "assistants/helper.yaml"
        (applied / "assistants/extra.yaml").write_text(helper.read_text().replace("name: helper", "name: extra"))
        edit(applied / BOT, "assistant: helper", "assistant: extra")
        publish(applied, cli, 2)
        helper.unlink()
        assert cli("apply", "--yes").code == 0
        done = cli("rollback", "helper", "--dry-run")
        assert "published before release 2 and is not archived: 1 cannot be published again" in done.err
        assert "To create one, run `reconciler release helper`." in done.err
        named = cli("rollback", "helper", 1, "--dry-run")
        assert "release/helper@1 is archived in the state of acme" in named.err
        assert "reconciler publish helper 2" not in named.err + done.err
        edit(applied / PROMPT, "You", "You, 3")
        assert cli("release", "helper", "--vendor").code == 0
        waiting = "`reconciler publish helper 3`, then `reconciler apply`"
        assert waiting in cli("rollback", "helper", "--dry-run").err
        assert cli("publish", "helper", 3).code == 0
        assert cli("apply", "--yes").code == 0
        assert "to release 2, which" in cli("rollback", "helper", "--yes").out
        again = cli("rollback", "helper", "--dry-run").err
        assert "Releases: 3." in again

    @pytest.fixture
    def without_agent(self, applied: Path, cli: Cli) -> Path:
        """Return a project that published release 1 of one agent, then release 2 of another one, and from which the
        manifest of the first agent was removed since the last apply.
        """
        publish(applied, cli, 1)
        helper = applied / "assistants/helper.yaml"
        (applied / "assistants/extra.yaml").write_text(helper.read_text().replace("name: helper", "name: extra"))
        edit(applied / BOT, "assistant: helper", "assistant: extra")
        publish(applied, cli, 2)
        helper.unlink()
        return applied

    def test_a_release_that_the_next_apply_archives_is_not_the_default(self, without_agent: Path, cli: Cli):
        done = cli("rollback", "helper", "--dry-run")
        assert (done.code, "error[no-earlier-release]" in done.err) == (1, True)
        assert "the next apply archives 1, because assistant/helper has no manifest any longer" in done.err
        assert "To publish it all the same, run `reconciler rollback helper 1`." in done.err

    def test_an_earlier_release_that_stays_is_the_default(self, without_agent: Path, cli: Cli):
        (without_agent / "assistants/helper.yaml").write_text(
            (without_agent / "assistants/extra.yaml").read_text().replace("name: extra", "name: helper")
        )
        edit(without_agent / BOT, "assistant: extra", "assistant: helper")
        publish(without_agent, cli, 3)
        edit(without_agent / BOT, "assistant: helper", "assistant: extra")
        publish(without_agent, cli, 4)
        (without_agent / "assistants/helper.yaml").unlink()
        done = cli("rollback", "helper", "--dry-run")
        assert "Rollback of chatbot/helper to release 2, which was published before release 4." in done.out
        assert "Release 3 was published in between and is left out: the next apply archives it, because" in done.out
        assert "To publish it all the same:\n    reconciler rollback helper 3\n" in done.out

    def test_by_number_such_a_release_is_published_with_a_warning(self, without_agent: Path, cli: Cli):
        plan = cli("rollback", "helper", 1, "--dry-run", "-o", "json").document
        (warning,) = [one for one in plan["warnings"] if one["code"] == "needs-manifest"]
        assert (warning["address"], warning["args"]["assistant"]) == ("release/helper@1", "assistant/helper")
        done = cli("rollback", "helper", 1, "--yes")
        assert (done.code, published(without_agent)) == (0, "release/helper@1")
        assert "  1. Restore the manifest of assistant/helper, which release 1 uses, and commit it." in done.out
        assert "\n       git log --oneline -S 'name: helper'\n" in done.out

    def test_a_removed_agent_of_the_published_release_changes_no_default(self, released: Path, cli: Cli):
        """No apply archives release 1: it is refused, because release 2 uses the agent, too."""
        (released / "assistants/extra.yaml").write_text(BROKEN.replace("broken", "extra").replace("modle", "model"))
        edit(released / BOT, "assistant: helper", "assistant: extra")
        (released / "assistants/helper.yaml").unlink()
        done = cli("rollback", "helper", "--yes")
        assert "Rollback of chatbot/helper to release 1, which was published before release 2." in done.out
        assert "1. Restore the manifest of assistant/helper" in done.out

    def test_the_restored_manifest_makes_it_the_default_again(self, without_agent: Path, cli: Cli):
        extra = (without_agent / "assistants/extra.yaml").read_text()
        (without_agent / "assistants/helper.yaml").write_text(extra.replace("name: extra", "name: helper"))
        assert "to release 1, which was published before release 2." in cli("rollback", "helper", "--dry-run").out

    def test_a_release_beyond_the_number_that_is_kept_is_skipped(self, released: Path, cli: Cli):
        edit(released / BOT, "published: 2", "published: 2\n  releases: {keep: 1}")
        done = cli("rollback", "helper", "--dry-run")
        assert "error[no-earlier-release]" in done.err
        assert "release/helper@1 is archived: `releases.keep` of chatbot/helper is 1" in done.err

    def test_after_unpublishing_it_is_the_release_that_was_unpublished(self, released: Path, cli: Cli):
        assert cli("publish", "helper", "none").code == 0
        assert cli("apply", "--yes").code == 0
        done = cli("rollback", "helper", "--yes")
        assert "to release 2, which was published before the chatbot was unpublished." in done.out
        assert published(released) == "release/helper@2"

    def test_a_number_selects_any_release(self, released: Path, cli: Cli):
        publish(released, cli, 3)
        assert cli("rollback", "helper", 1, "--yes").code == 0
        assert published(released) == "release/helper@1"
        assert cli("rollback", "helper", 3, "--yes").code == 0
        assert published(released) == "release/helper@3"

    def test_the_published_release_changes_nothing(self, released: Path, cli: Cli):
        done = cli("rollback", "helper", 2, "--yes")
        assert (done.code, "no changes were necessary" in done.out) == (0, True)

    @pytest.mark.parametrize(
        ("words", "why"),
        [
            (["helper", "9"], "release/helper@9 does not exist"),
            (["helpr"], "did you mean `chatbot/helper`?"),
            (["helper", "--env", "staging"], "the environment `staging` does not exist"),
        ],
    )
    def test_what_does_not_exist_is_an_error(self, released: Path, cli: Cli, words: list[str], why: str):
        done = cli("rollback", *words, "--yes")
        assert (done.code, why in done.err) == (1, True)

    def test_a_chatbot_that_was_never_applied_has_no_earlier_release(self, project: Path, cli: Cli):
        done = cli("rollback", "helper", "--yes")
        assert (done.code, "no-earlier-release" in done.err) == (1, True)
        assert "To create one, run `reconciler release helper`." in done.err


class TestPlan:
    def test_only_the_pointer_moves_whatever_else_is_pending(self, released: Path, cli: Cli):
        edit(released / PROMPT, "You", "Some day you")
        before = (released / BOT).read_text()
        plan = cli("rollback", "helper", "--dry-run", "-o", "json")
        assert (plan.code, changed(plan)) == (0, [("publish", "chatbot/helper")])
        assert published(released) == "release/helper@2"
        assert cli("rollback", "helper", "--yes").code == 0
        assert (released / BOT).read_text() == before
        assert "assistant/helper" in {address for _, address in changed(cli("plan", "-o", "json"))}

    def test_it_shows_what_changes_for_users_in_every_format(self, released: Path, cli: Cli):
        edit(released / "assistants/helper.yaml", "model: gpt-6-luna", "model: gpt-6")
        (released / "kb/more.md").write_text("More.\n")
        publish(released, cli, 3)
        done = cli("rollback", "helper", 1, "--dry-run")
        assert (
            "What changes for users\n"
            "  chatbot/helper: release/helper@3 -> release/helper@1\n"
            "    ~ assistant/helper: instructions, model; gpt-6 -> gpt-6-luna\n"
            "    ~ vectorstore/handbook: files\n"
            "    - files: kb/more.md\n"
            "    In full: reconciler diff helper@3 helper@1\n"
        ) in done.out
        assert done.out.index("What changes for users") < done.out.index("Your changes")
        markdown = cli("rollback", "helper", 1, "--dry-run", "-o", "markdown").out
        assert "- `~` `assistant/helper`: instructions, model; `gpt-6` -> `gpt-6-luna`\n" in markdown
        assert "In full: `reconciler diff helper@3 helper@1`" in markdown
        html = cli("rollback", "helper", 1, "--dry-run", "-o", "html").out
        assert "<code>reconciler diff helper@3 helper@1</code>" in html
        (found,) = cli("rollback", "helper", 1, "--dry-run", "-o", "json").document["versions"]
        assert found["files"] == [{"path": "kb/more.md", "change": "removed"}]
        assert cli("diff", "helper@3", "helper@1").code == 0

    def test_equal_releases_are_said_to_be_equal(self, released: Path, cli: Cli):
        assert cli("release", "helper", "--vendor", "--publish", "--allow-unchanged").code == 0
        assert cli("apply", "--yes").code == 0
        assert "    No differences: both releases answer alike.\n" in cli("rollback", "helper", "--dry-run").out

    def test_a_dry_run_names_the_command_that_applies_it(self, released: Path, cli: Cli):
        assert cli("rollback", "helper", "--dry-run").out.endswith("Apply with: reconciler rollback helper 1\n")

    def test_without_a_terminal_a_confirmation_is_required(self, released: Path, cli: Cli):
        done = cli("rollback", "helper")
        assert (done.code, "pass --yes" in done.err) == (64, True)
        assert published(released) == "release/helper@2"

    def test_an_unknown_release_is_reported_before_a_missing_confirmation(self, released: Path, cli: Cli):
        done = cli("rollback", "helper", "9")
        assert (done.code, "error[unknown-release]" in done.err, "--yes" in done.err) == (1, True, False)

    def test_the_result_is_printed_and_written_as_json(self, released: Path, cli: Cli):
        done = cli("rollback", "helper", "--yes", "-o", "json", "--out", released / "result.json")
        assert done.document["format"] == "reconciler/apply/v2"
        assert json.loads((released / "result.json").read_text()) == done.document
        assert "reconciler publish helper 1" in done.err

    def test_a_locked_state_is_an_error(self, released: Path, cli: Cli):
        lease = lock.acquire(LocalStore(released / ".reconciler"), Identity("acme"), lock.this_process({"USER": "ada"}))
        assert cli("rollback", "helper", "--yes").code == 6
        lease.release()
        assert cli("rollback", "helper", "--yes").code == 0

    def test_it_waits_for_the_lock_and_records_events(self, released: Path, cli: Cli, monkeypatch):
        lease = lock.acquire(LocalStore(released / ".reconciler"), Identity("acme"), lock.this_process({"USER": "ada"}))
        monkeypatch.setattr(supervision, "sleep", lambda _seconds: lease.release())
        events = released / "events.jsonl"
        done = cli("rollback", "helper", "--yes", "--lock-timeout", "1m", "--json-events", events)
        assert done.code == 0
        found = [json.loads(line) for line in events.read_text().splitlines()]
        assert [event["event"] for event in found] == [
            "message",
            "planned",
            "started",
            "change-started",
            "change-done",
            "finished",
        ]
        assert "acme is locked by ada" in found[0]["message"]


class TestDeadRelease:
    def test_a_deleted_store_is_refused(self, released: Path, cli: Cli):
        async def delete(sdk: Any) -> None:
            stores = [found async for found in sdk.vector_stores.list()]
            for store in stores:
                if "@" in found_address(store):
                    await sdk.vector_stores.delete(store.id)

        by_hand(released, delete)
        done = cli("rollback", "helper", "--yes")
        assert (done.code, "was deleted outside Reconciler" in done.out) == (3, True)
        assert published(released) == "release/helper@2"

    def test_a_file_that_was_detached_is_refused(self, released: Path, cli: Cli):
        async def detach(sdk: Any) -> None:
            for store in [found async for found in sdk.vector_stores.list()]:
                if "@" in found_address(store):
                    for file in [one async for one in sdk.vector_stores.files.list(store.id)]:
                        await sdk.vector_stores.files.delete(file.id, vector_store_id=store.id)

        by_hand(released, detach)
        done = cli("rollback", "helper", "--yes")
        assert (done.code, "refused[conflict]" in done.out) == (3, True)
        assert published(released) == "release/helper@2"

    def test_a_copy_that_was_changed_is_an_error(self, released: Path, cli: Cli):
        async def rename(sdk: Any) -> None:
            for store in [found async for found in sdk.vector_stores.list()]:
                if "@" in found_address(store):
                    await sdk.vector_stores.update(store.id, name="mine")

        by_hand(released, rename)
        done = cli("rollback", "helper", "--yes")
        assert (done.code, "a part of release/helper@1, is not live as it was released" in done.err) == (1, True)

    def test_a_release_that_was_not_applied_is_an_error(self, released: Path, cli: Cli):
        edit(released / PROMPT, "You", "You, 3")
        assert cli("release", "helper", "--vendor").code == 0
        done = cli("rollback", "helper", 3, "--yes")
        assert (done.code, done.err.count("error[dead-release]")) == (1, 1)
        assert "release/helper@3 is not live: it was not applied yet" in done.err
        assert "To publish it: `reconciler publish helper 3`, then `reconciler apply`." in done.err


def found_address(store: Any) -> str:
    return str(store.metadata["reconciler-address"])


class TestOtherChanges:
    def test_a_refusal_of_another_change_does_not_stop_it(self, released: Path, cli: Cli):
        edit(released / "stores/handbook.yaml", "spec:", "lifecycle: {protect: true}\nspec:")
        assert cli("apply", "--yes").code == 0
        (released / "stores/handbook.yaml").unlink()
        text = (released / "assistants/helper.yaml").read_text()
        (released / "assistants/helper.yaml").write_text(text.partition("  tools:")[0])
        assert cli("plan").code == 3
        plan = cli("rollback", "helper", "--dry-run", "-o", "json")
        assert (plan.code, changed(plan), plan.document["refusals"]) == (0, [("publish", "chatbot/helper")], [])
        assert [risk["address"] for risk in plan.document["risks"]] == ["chatbot/helper"]
        assert cli("rollback", "helper", "--yes").code == 0
        assert published(released) == "release/helper@1"


class TestBrokenManifests:
    def test_errors_in_other_manifests_are_ignored_and_listed(self, released: Path, cli: Cli):
        (released / "assistants/broken.yaml").write_text(BROKEN)
        edit(released / "stores/handbook.yaml", "kind: VectorStore", "kind: VectorStor")
        assert cli("plan").code == 1
        done = cli("rollback", "helper", "--yes")
        assert done.code == 0
        assert "3 errors in manifests that the rollback does not use:\n  assistants/broken.yaml:4:" in done.out
        assert "To make Git agree:\n  1. Fix the errors above:\n       reconciler validate\n  2. Edit the" in done.out
        assert published(released) == "release/helper@1"

    def test_an_error_in_another_document_of_the_same_file_is_ignored(self, released: Path, cli: Cli):
        text = (released / BOT).read_text()
        (released / BOT).write_text(f"{BROKEN}---\n{text}")
        assert cli("rollback", "helper", "--yes").code == 0
        assert published(released) == "release/helper@1"

    def test_a_file_that_is_not_yaml_is_ignored(self, released: Path, cli: Cli):
        (released / "assistants/broken.yaml").write_text("apiVersion: [\n")
        assert cli("rollback", "helper", "--yes").code == 0

    def test_an_error_in_the_manifest_of_the_release_is_no_other_release(self, released: Path, cli: Cli):
        publish(released, cli, 3)
        (released / "releases/helper/v2.yaml").write_text("apiVersion: [\n")
        done = cli("rollback", "helper", "--yes")
        assert (done.code, "releases/helper/v2.yaml:" in done.err) == (1, True)
        assert published(released) == "release/helper@3"

    @pytest.mark.parametrize("file", [BOT, "releases/helper/v1.yaml", "project.yaml"])
    def test_an_error_in_a_manifest_that_is_used_is_an_error(self, released: Path, cli: Cli, file: str):
        edit(released / file, "spec:\n", "spec:\n  unknown: 1\n")
        done = cli("rollback", "helper", "--yes")
        assert (done.code, f"{file}:" in done.err) == (1, True)
        assert published(released) == "release/helper@2"

    def test_a_missing_manifest_of_an_object_that_the_release_does_not_use_is_no_error(self, released: Path, cli: Cli):
        (released / "assistants/helper.yaml").unlink()
        edit(released / BOT, "assistant: helper", "assistant: new")
        (released / "assistants/new.yaml").write_text(BROKEN.replace("broken", "new").replace("{modle:", "{model:"))
        assert cli("rollback", "helper", "--yes").code == 0
        assert published(released) == "release/helper@1"


class TestAgreement:
    def test_until_git_agrees_every_plan_shows_the_rollback_as_a_pending_change(self, released: Path, cli: Cli):
        done = cli("rollback", "helper", "--yes")
        assert "The manifest still publishes release 2: until it is edited, every plan shows this" in done.out
        assert "\n       reconciler publish helper 1\n       git switch --create rollback/acme/helper\n" in done.out
        assert "ci pull-request --head rollback/acme/helper --title 'Roll back helper to release 1'" in done.out
        plan = cli("plan", "-o", "json", "--detailed-exitcode")
        assert (plan.code, changed(plan)) == (2, [("publish", "chatbot/helper")])
        assert [risk["rule"] for risk in plan.document["risks"]] == ["rolled-back-release", "published-version-changed"]

    def test_after_the_edit_the_plan_is_empty(self, released: Path, cli: Cli):
        assert cli("rollback", "helper", "--yes").code == 0
        assert cli("publish", "helper", 1).code == 0
        plan = cli("plan", "-o", "json", "--detailed-exitcode")
        assert (plan.code, plan.document["changes"], plan.document["drift"]) == (0, [], [])

    def test_a_manifest_that_agrees_already_is_named(self, released: Path, cli: Cli):
        assert cli("publish", "helper", 1).code == 0
        done = cli("rollback", "helper", "--yes")
        assert done.code == 0
        assert "The manifest also publishes release 1." in done.out

    def test_publishing_the_release_again_ends_the_warning(self, released: Path, cli: Cli):
        assert cli("rollback", "helper", "--yes").code == 0
        assert cli("apply", "--yes").code == 0
        assert published(released) == "release/helper@2"
        assert cli("rollback", "helper", "--dry-run").out.startswith("Rollback of chatbot/helper to release 1,")


class TestEnvironments:
    @pytest.fixture
    def environments(self, project: Path, cli: Cli) -> Path:
        """Return a project that published 1, then 2, in both environments."""
        with (project / "project.yaml").open("a") as file:
            file.write("  environments: {staging: {}, production: {}}\n")
        for number in (1, 2):
            edit(project / PROMPT, "You", f"You, {number}")
            assert cli("release", "helper", "--vendor", "--publish").code == 0
            for environment in ("staging", "production"):
                assert cli("apply", "--yes", "--env", environment).code == 0
        return project

    def test_one_environment_is_rolled_back(self, environments: Path, cli: Cli):
        done = cli("rollback", "helper", "--env", "production", "--yes")
        assert done.code == 0
        assert "Rollback of chatbot/helper in production to release 1" in done.out
        assert "\n       reconciler publish helper 1 --env production\n" in done.out
        assert "git switch --create rollback/acme/production/helper" in done.out
        assert cli("plan", "--env", "staging", "--detailed-exitcode").code == 0
        assert cli("plan", "--env", "production", "--detailed-exitcode").code == 2

    def test_the_environment_is_required(self, environments: Path, cli: Cli):
        done = cli("rollback", "helper", "--yes")
        assert (done.code, "environment-required" in done.err) == (1, True)

    def test_the_commands_name_the_environment_of_the_variable(
        self, environments: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setenv("RECONCILER_ENV", "production")
        done = cli("rollback", "helper", "--yes")
        assert (done.code, "reconciler publish helper 1 --env production" in done.out) == (0, True)
