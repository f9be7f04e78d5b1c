"""Tests of `ci rollback`: only the pointer changes, and the release must be complete."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from reconciler.resources.address import Identity
from reconciler.state import lock
from reconciler.state.local import LocalStore
from tests.support.cli import Cli, by_hand, edit

PROMPT = "prompts/helper.md"


@pytest.fixture
def released(applied: Path, cli: Cli) -> Path:
    """Return a project with two releases, of which the second is published."""
    for number in (1, 2):
        edit(applied / PROMPT, "You", f"You, {number}")
        assert cli("release", "helper", "--vendor", "--publish").code == 0
        assert cli("apply", "--yes").code == 0
    return applied


def test_the_plan_moves_the_pointer_whatever_else_is_pending(released: Path, cli: Cli):
    edit(released / PROMPT, "You", "Some day you")
    plan = released / "rollback.json"
    assert cli("ci", "rollback", "helper", 1, "--out", plan).code == 0
    (change,) = json.loads(plan.read_text())["changes"]
    assert (change["action"], change["address"]) == ("publish", "chatbot/helper")
    assert "published: 1" in (released / "chatbots" / "helper.yaml").read_text()
    assert cli("apply", plan, "--yes").code == 0
    pending = cli("plan", "-o", "json").document["changes"]
    assert "chatbot/helper" not in {change["address"] for change in pending if change["action"] == "publish"}
    assert "assistant/helper" in {change["address"] for change in pending}


def test_rollback_to_a_release_with_a_deleted_store_fails(released: Path, cli: Cli):
    async def delete(sdk: Any) -> None:
        for store in [found async for found in sdk.vector_stores.list() if "@" in found.metadata["reconciler-address"]]:
            await sdk.vector_stores.delete(store.id)

    by_hand(released, delete)
    plan = released / "rollback.json"
    done = cli("ci", "rollback", "helper", 1, "--out", plan)
    assert done.code == 3
    assert "was deleted outside Reconciler" in done.out
    assert "published: 2" in (released / "chatbots" / "helper.yaml").read_text()
    assert cli("apply", plan, "--yes").code == 3


def test_rollback_to_a_changed_release_fails(released: Path, cli: Cli):
    async def rename(sdk: Any) -> None:
        for store in [found async for found in sdk.vector_stores.list() if "@" in found.metadata["reconciler-address"]]:
            await sdk.vector_stores.update(store.id, name="mine")

    by_hand(released, rename)
    done = cli("ci", "rollback", "helper", 1, "--out", released / "rollback.json")
    assert done.code == 1
    assert "error[dead-release]: vectorstore/handbook@" in done.err
    assert "a part of release/helper@1, is not live as it was released" in done.err
    assert not (released / "rollback.json").exists()


def test_rollback_to_an_unapplied_release_fails(released: Path, cli: Cli):
    edit(released / PROMPT, "You", "You, 3")
    assert cli("release", "helper", "--vendor").code == 0
    done = cli("ci", "rollback", "helper", 3, "--out", released / "rollback.json")
    assert done.code == 1
    assert "dead-release" in done.err


def test_rollback_to_the_published_release_changes_nothing(released: Path, cli: Cli):
    plan = released / "rollback.json"
    assert cli("ci", "rollback", "helper", 2, "--out", plan).code == 0
    assert json.loads(plan.read_text())["changes"] == []
    assert cli("apply", plan, "--yes").code == 0


@pytest.mark.parametrize(
    ("number", "why"), [(9, "release/helper@9 does not exist"), (1, "release/helper@1 is archived")]
)
def test_rollback_to_an_unknown_or_archived_release_fails(released: Path, cli: Cli, number: int, why: str):
    assert cli("archive", "release/helper@1").code == 0
    before = (released / "chatbots" / "helper.yaml").read_text()
    done = cli("ci", "rollback", "helper", number, "--out", released / "rollback.json")
    assert done.code == 1
    assert why in done.err
    assert (released / "chatbots" / "helper.yaml").read_text() == before


def test_rollback_to_a_release_that_an_apply_archived_names_one_that_can_be_published(applied: Path, cli: Cli):
    bot, helper = applied / "chatbots/helper.yaml", applied / "assistants/helper.yaml"
    assert cli("release", "helper", "--vendor", "--publish").code == 0
    assert cli("apply", "--yes").code == 0
    (applied / "assistants/extra.yaml").write_text(helper.read_text().replace("name: helper", "name: extra"))
    edit(bot, "assistant: helper", "assistant: extra")
    for number in (2, 3):
        edit(applied / PROMPT, "You", f"You, {number}")
        assert cli("release", "helper", "--vendor", "--publish").code == 0
        assert cli("apply", "--yes").code == 0
    helper.unlink()
    assert cli("apply", "--yes").code == 0
    before = bot.read_text()
    done = cli("ci", "rollback", "helper", 1, "--out", applied / "rollback.json")
    assert (done.code, "error[archived-release]: release/helper@1 is archived in the state of acme" in done.err) == (
        1,
        True,
    )
    assert "name it: `reconciler ci rollback helper NUMBER --out FILE`. Releases: 2." in done.err
    assert "reconciler publish" not in done.err
    assert (bot.read_text(), (applied / "rollback.json").exists()) == (before, False)
    done = cli("publish", "helper", 1)
    assert (done.code, "release/helper@1 is archived in the state of acme" in done.err) == (1, True)
    assert bot.read_text() == before


def test_rollback_to_a_release_with_a_retired_model_fails(released: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch):
    async def told(connection: object) -> dict[str, date]:
        return {"gpt-6-luna": date(2026, 1, 1)}

    monkeypatch.setattr("reconciler.operations.shutdowns.shutdown_dates", told)
    done = cli("ci", "rollback", "helper", 1, "--out", released / "rollback.json")
    assert done.code == 3
    assert "retired-model" in done.out
    assert cli("apply", released / "rollback.json", "--yes").code == 3


def test_rollback_during_an_apply_fails(released: Path, cli: Cli):
    """A plan is made while another run holds the lock, and can be applied afterwards."""
    plan = released / "rollback.json"
    lease = lock.acquire(LocalStore(released / ".reconciler"), Identity("acme"), lock.this_process({"USER": "ada"}))
    assert cli("ci", "rollback", "helper", 1, "--out", plan).code == 0
    done = cli("apply", plan, "--yes")
    assert done.code == 6
    assert "acme is locked by ada" in done.err
    lease.release()
    assert cli("apply", plan, "--yes").code == 0


def test_rollback_sets_the_branch_as_step_output(released: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch):
    output = released / "output"
    monkeypatch.setenv("GITHUB_OUTPUT", str(output))
    assert cli("ci", "rollback", "helper", 1, "--out", released / "rollback.json").code == 0
    assert output.read_text() == "branch=rollback/acme/helper\n"
