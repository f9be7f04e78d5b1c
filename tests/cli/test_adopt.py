"""Tests of `adopt`: confirmation, results and problems."""

import json
from pathlib import Path

import pytest
from openai import AsyncOpenAI

from tests.support.cli import Cli, by_hand, edit

MANIFEST = """\
apiVersion: reconciler/v1
kind: Assistant
metadata: {name: desk}
spec: {target: agents, model: gpt-6-luna}
"""


@pytest.fixture
def desks(applied: Path) -> list[str]:
    """Create two unmanaged agents with the name of one manifest, and return their ids."""
    (applied / "desk.yaml").write_text(MANIFEST, encoding="utf-8")

    async def make(sdk: AsyncOpenAI) -> list[str]:
        return [(await sdk.beta.agents.create(model="gpt-6-luna", name="desk")).id for _ in range(2)]

    return by_hand(applied, make)


def test_ambiguous_objects_are_reported_and_adopted_by_id(desks, cli: Cli):
    done = cli("adopt", "--yes")
    assert done.code == 1
    assert "error[ambiguous]: assistant/desk: 2 objects have its name and equal it in every field" in done.err
    assert f"reconciler adopt assistant/desk={sorted(desks)[0]}" in done.err
    done = cli("adopt", f"assistant/desk={desks[1]}", "--yes", "-o", "json")
    assert done.code == 0
    assert [(one["action"], one["id"]) for one in done.document["outcomes"]] == [("adopt", desks[1])]
    assert cli("plan", "--detailed-exitcode").code == 0


def test_a_second_adopt_does_nothing(desks, cli: Cli):
    assert cli("adopt", f"assistant/desk={desks[0]}", "--yes").code == 0
    done = cli("adopt", f"assistant/desk={desks[0]}", "--yes")
    assert done.code == 0
    assert "already managed" in done.err
    assert "no changes were necessary" in done.out


def test_an_adoption_records_the_guard_settings_as_an_apply_does(applied: Path, desks, cli: Cli):
    assert cli("state", "pull", "--out", "before.json").code == 0
    before = json.loads((applied / "before.json").read_text())
    before.pop("settings")
    (applied / "before.json").write_text(json.dumps(before))
    assert cli("state", "push", "before.json").code == 0
    assert cli("adopt", f"assistant/desk={desks[0]}", "--yes").code == 0
    assert cli("state", "pull", "--out", "after.json").code == 0
    assert "settings" in json.loads((applied / "after.json").read_text())


def test_the_history_counts_what_was_adopted_apart(desks, cli: Cli):
    assert cli("adopt", f"assistant/desk={desks[0]}", "--yes").code == 0
    assert "1 adopted" in cli("state", "history").out
    (latest, *_) = cli("state", "history", "-o", "json").document["applies"]
    assert latest["changes"] == {"created": 0, "adopted": 1, "updated": 0, "removed": 0}


def test_partial_adoption_returns_exit_code_4(desks, cli: Cli):
    assert cli("adopt", f"assistant/desk={desks[0]}", "assistant/nowhere", "--yes").code == 4
    assert cli("plan", "--detailed-exitcode").code == 0


def test_a_saved_plan_is_applied_as_it_was_reviewed(applied: Path, desks, cli: Cli):
    assert cli("adopt", f"assistant/desk={desks[0]}", "--dry-run", "--out", "plan.json").code == 0
    edit(applied / "desk.yaml", "model: gpt-6-luna", "model: gpt-5")
    assert cli("apply", "plan.json", "--yes").code == 0
    assert "applied before" in cli("apply", "plan.json", "--yes").out
    assert "update  assistant/desk" in cli("plan").out


def test_a_saved_plan_is_stale_once_somebody_else_owns_it(applied: Path, desks, cli: Cli):
    cli("adopt", f"assistant/desk={desks[0]}", "--dry-run", "--out", "plan.json")
    theirs = {"reconciler-project": "globex", "reconciler-address": "assistant/bot"}

    async def take(sdk: AsyncOpenAI) -> None:
        await sdk.beta.agents.update(desks[0], metadata=theirs)

    by_hand(applied, take)
    assert cli("apply", "plan.json", "--yes").code == 5


def test_adopt_without_a_terminal_requires_yes(desks, cli: Cli, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    assert cli("adopt").code == 64
    assert cli("adopt", "desk", "--yes").code == 64


def test_nothing_to_adopt(applied: Path, cli: Cli):
    done = cli("adopt", "--yes")
    assert (done.code, done.out) == (0, "Applied: acme, no changes were necessary.\n")


def test_a_dry_run_with_nothing_to_adopt_says_so(applied, cli: Cli):
    edit(applied / "prompts" / "helper.md", "You", "Thou")
    done = cli("adopt", "--dry-run")
    assert (done.code, "Nothing to adopt:" in done.out, "matches the manifests" in done.out) == (0, True, False)
    assert "no manifest without a live object matches an unmanaged object." in done.out


def test_an_imported_object_that_is_not_adopted_yet_is_not_in_sync(applied: Path, cli: Cli):
    async def make(sdk: AsyncOpenAI) -> str:
        return (await sdk.beta.agents.create(model="gpt-6-luna", name="night-desk")).id

    id_ = by_hand(applied, make)
    assert cli("import", id_).code == 0
    drifted = " ".join(cli("drift").out.split())
    remedy = "Adopt first what was imported, as it is (`reconciler adopt`)."
    assert f"1 assistant not applied, and apply refuses to create it. {remedy}" in drifted
    assert "pending" not in drifted
    assert "1 assistant not applied" in cli("drift", "-o", "html").out
    assert "1 assistant not applied" in cli("drift", "-o", "markdown").out
    shown = " ".join(cli("status", "assistant/night-desk").out.split())
    assert f"duplicate: it was imported from {id_}" in shown
    assert remedy in shown


@pytest.mark.parametrize("word", ["assistant/helper=", "assistant/helper= "])
def test_an_empty_id_is_wrong_usage(project, cli: Cli, word):
    done = cli("adopt", word, "--yes")
    assert (done.code, "Without an id, write assistant/helper." in " ".join(done.err.split())) == (64, True)
