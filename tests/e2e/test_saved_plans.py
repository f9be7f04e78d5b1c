"""A plan is saved, reviewed, and applied later: what may move meanwhile, and what may not."""

import errno
import json
from pathlib import Path

import pytest

from tests.support.cli import Cli, by_hand, edit, rename_store, stores
from tests.support.documents import as_v1

PROMPT = Path("prompts", "helper.md")
STORE = Path("stores", "handbook.yaml")


@pytest.fixture
def saved(applied: Path, cli: Cli, tmp_path: Path) -> Path:
    """A plan that renames the store and changes the prompt: two updates, and the bot published with it."""
    edit(applied / STORE, "spec:", "spec:\n  name: manual")
    edit(applied / PROMPT, "You", "Thou")
    file = tmp_path / "plan.json"
    assert cli("plan", "--out", file).code == 0
    return file


def test_a_fresh_plan_is_applied_once(applied, cli: Cli, saved):
    assert "3 done." in cli("apply", "--yes", saved).out
    assert stores(applied) == ["manual"]
    again = cli("apply", "--yes", saved, "-o", "json")
    assert (again.code, again.document["outcomes"]) == (0, [])
    before = again.document["already_applied"]
    assert (before["outcome"], before["digest"]) == ("complete", again.document["plan_digest"])


def test_a_plan_of_version_1_is_shown_applied_and_recognised(applied, cli: Cli, saved, tmp_path):
    old = tmp_path / "old.json"
    old.write_text(json.dumps(as_v1(json.loads(saved.read_text()))))
    assert cli("show", old).out == cli("show", saved).out.replace(str(saved), str(old))
    assert "3 done." in cli("apply", "--yes", old).out
    assert stores(applied) == ["manual"]
    for file in (old, saved):
        again = cli("apply", "--yes", file, "-o", "json").document
        assert (again["outcomes"], again["already_applied"]["outcome"]) == ([], "complete")


def test_what_was_reviewed_is_what_is_shown(cli: Cli, saved):
    reviewed, told, command = cli("show", saved).out.rpartition("Apply with: ")
    assert told
    assert str(saved) in command
    assert cli("apply", "--yes", saved).out.startswith(reviewed)


def test_unrelated_movement_is_fine(applied, cli: Cli, saved):
    (applied / "assistants" / "other.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Assistant\nmetadata: {name: other}\nspec: {model: gpt-6-luna}\n"
    )

    async def stranger(sdk):
        await sdk.vector_stores.create(name="somebody else's")

    by_hand(applied, stranger)
    assert cli("apply", "--yes", saved).code == 0
    pending = cli("plan", "-o", "json").document["changes"]
    assert [change["address"] for change in pending] == ["assistant/other"]


def test_an_unrelated_refusal_does_not_stop_it(applied, cli: Cli, saved):
    """Somebody removes the manifest of a chatbot's assistant, after the plan was made for another one."""
    (applied / "assistants" / "other.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Assistant\nmetadata: {name: other}\nspec: {model: gpt-6-luna}\n"
    )
    plan = saved.with_name("other.json")
    assert cli("plan", "--target", "assistant/other", "--out", plan).code == 0
    (applied / "assistants" / "helper.yaml").unlink()
    assert cli("plan").code == 3
    assert cli("apply", "--yes", plan).code == 0


def test_movement_of_what_it_touches_is_stale_and_says_which_change(applied, cli: Cli, saved):
    rename_store(applied, "by hand")
    done = cli("apply", "--yes", saved)
    assert (done.code, done.out) == (5, "")
    assert "error[stale]: vectorstore/handbook: inputs of this update changed since the plan was made" in done.err
    assert "assistant/helper" not in done.err
    assert stores(applied) == ["by hand"]


def test_a_manifest_that_moved_on_is_stale(applied, cli: Cli, saved):
    edit(applied / STORE, "manual", "guide")
    assert cli("apply", "--yes", saved).code == 5
    assert stores(applied) == ["handbook"]


def test_a_manifest_that_was_taken_back_is_stale_too(applied, cli: Cli, saved):
    """Nothing is due there any more, but the plan has not done it either."""
    edit(applied / STORE, "\n  name: manual", "")
    done = cli("apply", "--yes", saved)
    assert done.code == 5
    assert "vectorstore/handbook" in done.err


def test_a_hand_edit_that_the_plan_has_not_seen_is_kept(applied, cli: Cli, saved):
    async def change(sdk):
        (store,) = [found async for found in sdk.vector_stores.list()]
        await sdk.vector_stores.update(store.id, metadata={**store.metadata, "note": "mine"})
        return store.id

    by_hand(applied, change)
    assert cli("apply", "--yes", saved).code == 0

    async def notes(sdk):
        return [found.metadata.get("note") async for found in sdk.vector_stores.list()]

    assert by_hand(applied, notes) == ["mine"]


def test_a_plan_that_keeps_drift_keeps_it_when_applied(applied, cli: Cli, tmp_path):
    rename_store(applied, "by hand")
    edit(applied / PROMPT, "You", "Thou")
    cli("plan", "--on-drift", "keep", "--out", tmp_path / "plan.json")
    assert cli("apply", "--yes", tmp_path / "plan.json").code == 0
    assert stores(applied) == ["by hand"]


def test_a_plan_that_reverts_drift_reverts_it_when_applied(applied, cli: Cli, tmp_path):
    rename_store(applied, "by hand")
    cli("plan", "--out", tmp_path / "plan.json")
    assert cli("apply", "--yes", tmp_path / "plan.json").code == 0
    assert stores(applied) == ["handbook"]


def test_the_way_back_is_due_although_its_plan_was_applied_before(applied, cli: Cli, saved, tmp_path):
    """There, back and there again: the third plan has the digest of the first."""
    assert cli("apply", "--yes", saved).code == 0
    edit(applied / STORE, "manual", "handbook")
    edit(applied / PROMPT, "Thou", "You")
    assert cli("apply", "--yes").code == 0
    edit(applied / STORE, "name: handbook\nspec:\n  name: handbook", "name: handbook\nspec:\n  name: manual")
    edit(applied / PROMPT, "You", "Thou")
    third = tmp_path / "third.json"
    cli("plan", "--out", third)
    assert json.loads(third.read_text())["digest"] == json.loads(saved.read_text())["digest"]
    assert "3 done." in cli("apply", "--yes", third).out
    assert stores(applied) == ["manual"]


def test_after_a_partial_run_it_resumes(applied, cli: Cli, saved, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr("reconciler.operations.apply.write_all", no_space)
        partly = cli("apply", "--yes", saved, "-o", "json")
    assert partly.code == 4
    assert partly.document["summary"] == {"done": 1, "failed": 1, "skipped": 1, "not-started": 0}
    assert stores(applied) == ["manual"]
    resumed = cli("apply", "--yes", saved, "-o", "json")
    assert (resumed.code, resumed.document["summary"]["done"]) == (0, 2)
    assert cli("plan", "--detailed-exitcode").code == 0
    assert "applied before" in cli("apply", "--yes", saved).out


def no_space(*args: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device", "bundles")


def test_an_edited_plan_is_found_out(cli: Cli, saved):
    edit(saved, "manual", "mine")
    done = cli("apply", "--yes", saved)
    assert (done.code, done.out) == (1, "")
    assert "it was edited after it was created" in done.err


def test_a_refused_plan_is_refused_also_when_it_is_applied(applied, cli: Cli, tmp_path):
    store = (applied / STORE).read_text()
    (applied / STORE).unlink()
    assert cli("plan", "--out", tmp_path / "plan.json").code == 3
    (applied / STORE).write_text(store)
    done = cli("apply", "--yes", tmp_path / "plan.json")
    assert done.code == 3
    assert "Refused:" in done.out


def test_a_plan_brings_its_environment(project, cli: Cli, tmp_path, monkeypatch):
    edit(project / "project.yaml", "spec:\n", "spec:\n  environments: {staging: {}, production: {}}\n")
    plan = tmp_path / "plan.json"
    assert cli("plan", "--env", "staging", "--out", plan).code == 0
    other = cli("apply", "--yes", plan, "--env", "production")
    assert other.code == 1
    assert "the plan is for acme/staging, not for acme/production" in other.err
    monkeypatch.setenv("RECONCILER_ENV", "production")
    assert cli("apply", "--yes", plan).code == 1
    monkeypatch.delenv("RECONCILER_ENV")
    assert "acme/staging, 4 done." in cli("apply", "--yes", plan).out


def test_an_empty_plan_does_nothing(applied, cli: Cli, tmp_path):
    cli("plan", "--out", tmp_path / "plan.json")
    done = cli("apply", "--yes", tmp_path / "plan.json")
    assert done.code == 0
    assert "no changes were necessary" in done.out
