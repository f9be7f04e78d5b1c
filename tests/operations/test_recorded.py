"""Tests of changes that apply only records, because the live object is as the manifest says already."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.planning.model import OnDrift, Plan
from tests.support.hotfixes import FILES, applied, change_live, pull
from tests.support.world import World, is_silent

EVERY: tuple[OnDrift, ...] = ("revert", "keep", "refuse")
HOTFIXED = {"assistant/triage", "assistant/clerk", "vectorstore/handbook", "pipeline/flow", "chatbot/bot"}


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[World]:
    with applied(tmp_path) as made:
        yield made


def checkout(acme: World, texts: dict[str, str]) -> None:
    for path, text in texts.items():
        acme.file(path, text)


def has_no_effect(plan: Plan) -> bool:
    return not (plan.effects or plan.drift or plan.refusals)


def test_pull_writes_no_state_and_the_next_plan_only_records(acme: World) -> None:
    change_live(acme)
    before = acme.memory()
    assert not pull(acme).problems
    assert acme.memory() == before
    for on_drift in EVERY:
        plan = acme.plan(on_drift)
        assert has_no_effect(plan)
        assert {change.address for change in plan.work} == HOTFIXED
    acme.apply()
    assert is_silent(acme.plan())


@pytest.mark.parametrize("on_drift", EVERY)
def test_main_does_not_revert_a_hotfix_as_its_own_change_before_the_merge(acme: World, on_drift: OnDrift) -> None:
    change_live(acme)
    assert not pull(acme).problems
    branch = {path: (acme.root / path).read_text() for path in FILES}
    checkout(acme, FILES)
    plan = acme.plan(on_drift)
    assert not plan.changes
    assert {change.address for change in plan.drift} == HOTFIXED
    assert {item.origin for change in plan.drift for item in change.fields} == {"drift"}
    decision = {"revert": "revert", "keep": "keep", "refuse": None}[on_drift]
    assert {change.decision for change in plan.drift} == {decision}
    assert {refusal.rule for refusal in plan.refusals} == ({"drift"} if on_drift == "refuse" else set())
    if on_drift == "keep":
        acme.file("prompts/other.md", "Be another one.")
        acme.file("other.yaml", FILES["other.yaml"].replace("Be another.", "{$file: prompts/other.md}"))
        acme.apply("keep")
        assert {change.address for change in acme.plan("keep").drift} == HOTFIXED
        checkout(acme, {**branch, "other.yaml": (acme.root / "other.yaml").read_text()})
        assert has_no_effect(acme.plan("keep"))
        acme.apply("keep")
        assert is_silent(acme.plan("keep"))


def test_a_plan_that_only_records_after_the_state_was_restored(acme: World) -> None:
    """The state is older than the live objects, and the manifests are as live."""
    change_live(acme)
    assert not pull(acme).problems
    acme.file("clerk.yaml", (acme.root / "clerk.yaml").read_text().replace("our clerk", "a good clerk"))
    older = acme.memory()
    acme.apply()
    for path, content in older.items():
        if path.startswith(".reconciler/state/"):
            acme.file(path, content)
    plan = acme.plan("keep")
    assert has_no_effect(plan)
    assert plan.changes


def test_an_upload_of_a_lost_state_is_only_recorded(acme: World) -> None:
    acme.lose_entries()
    plan = acme.plan("keep")
    assert has_no_effect(plan)
    assert "file/kb/faq.md" in {change.address for change in plan.changes}
