"""Tests of `pull` on manifests with edits that are not applied: no value is replaced that exists nowhere else."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.operations.pull import accepted
from reconciler.project.edits import write
from reconciler.project.workspace import open_workspace
from reconciler.resources.problems import ReconcilerError
from tests.support.hotfixes import FILES, applied, change_live, pull, pulled_names
from tests.support.state_repositories import git
from tests.support.world import World

EDITS = {
    "prompts/triage.md": ("Be kind.", "Be very kind."),
    "tools/open.json": ('"string"', '"number"'),
    "triage.yaml": (
        "mode: cached, context_size: low}\n  metadata: {tier: gold,",
        "mode: disabled, context_size: low}\n  metadata: {tier: silver,",
    ),
    "store.yaml": ("name: Handbook\n", "name: Guide\n"),
    "clerk.yaml": ("Be a clerk.", "Be the clerk."),
    "flow.yaml": ("Be brief.", "Be very brief."),
    "bot.yaml": ("assistant: clerk", "assistant: triage"),
}
"""Edits of the manifests; each of the fields is also changed live."""
CONFLICTS = {
    ("assistant/triage", "instructions"): "prompts/triage.md:1",
    ("assistant/triage", "metadata.tier"): "triage.yaml:10",
    ("assistant/triage", "tools.function:open.parameters.properties.title.type"): "tools/open.json:1",
    ("assistant/triage", "tools.web_search.mode"): "triage.yaml:9",
    ("vectorstore/handbook", "name"): "store.yaml:5",
    ("assistant/clerk", "instructions"): "clerk.yaml:7",
    ("pipeline/flow", "nodes.then.prompt"): "flow.yaml:7",
    ("chatbot/bot", "assistant"): "bot.yaml:4",
}
PULLED = {
    ("assistant/triage", "metadata.team"),
    ("assistant/triage", "tools.web_search.context_size"),
    ("vectorstore/handbook", "expires_after.days"),
    ("assistant/clerk", "model"),
}
"""Fields that are changed live only."""


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[World]:
    with applied(tmp_path / "ops") as made:
        yield made


def commit(acme: World, *paths: str) -> None:
    """Commit these files, or all, to a new repository around the project."""
    acme.file(".gitignore", ".reconciler/\n")
    git(acme.root.parent, "init", "--quiet")
    git(acme.root, "add", *(paths or "."))
    git(acme.root, "commit", "--quiet", "-m", "manifests")


def edit(acme: World) -> dict[str, str]:
    for path, (old, new) in EDITS.items():
        assert old in FILES[path]
        acme.file(path, FILES[path].replace(old, new))
    return {path: (acme.root / path).read_text() for path in FILES}


@pytest.mark.parametrize("repository", ["none", "saved", "staged", "untracked", "committed"])
def test_an_edit_that_is_not_applied_is_not_replaced(acme: World, repository: str):
    change_live(acme)
    if repository in ("saved", "staged"):
        commit(acme)
    edited = edit(acme)
    if repository in ("untracked", "committed"):
        commit(acme, *(["project.yaml"] if repository == "untracked" else []))
    if repository == "staged":
        git(acme.root, "add", ".")
    pulled = pull(acme)
    found = {
        (one.address, one.item.path): f"{one.place.file}:{one.place.line}".removeprefix("ops/")
        for one in pulled.conflicts
    }
    assert found == CONFLICTS
    assert pulled_names(pulled) >= PULLED
    for path in ("prompts/triage.md", "tools/open.json", "flow.yaml"):
        assert (acme.root / path).read_text() == edited[path]
    text = (acme.root / "triage.yaml").read_text()
    assert "mode: disabled, context_size: high" in text
    assert "tier: silver, team: sales" in text
    forced = pull(acme, force=True)
    assert not forced.conflicts
    assert pulled_names(forced) >= set(CONFLICTS)
    assert (acme.root / "prompts/triage.md").read_text() == "Be quick.\n"


def test_a_conflict_names_both_values_its_place_and_the_commands(acme: World):
    agents = acme.sdk.beta.agents
    acme.by_hand(agents.update(acme.id_of("assistant/triage"), instructions="Be kind.\nBe quick."))
    acme.file("prompts/triage.md", "Be kind.\nBe thorough.\n")
    (problem,) = pull(acme, "assistant/triage").problems
    assert str(problem.place) == "prompts/triage.md:2:1"
    assert 'manifest: "Be kind.\\nBe thorough."; live: "Be kind.\\nBe quick."' in problem.message
    assert "`reconciler pull assistant/triage --force`" in problem.hint


def test_a_value_that_only_git_has_is_replaced_if_it_is_committed(acme: World):
    """The state has lost its entries, and the label of the object has only hashes."""
    agents = acme.sdk.beta.agents
    acme.by_hand(agents.update(acme.id_of("assistant/triage"), instructions="Be quick."))
    acme.lose_entries()
    assert pull(acme, "assistant/triage").conflicts
    commit(acme, "project.yaml", "triage.yaml", "tools")
    (conflict,) = pull(acme, "assistant/triage").conflicts
    assert "is not committed" in conflict.problem.message
    acme.file(".gitignore", "prompts/\n")
    assert pull(acme, "assistant/triage").conflicts
    git(acme.root, "add", "--force", "prompts")
    assert pull(acme, "assistant/triage").conflicts
    git(acme.root, "commit", "--quiet", "-m", "prompts")
    assert pulled_names(pull(acme, "assistant/triage")) == {("assistant/triage", "instructions")}


def test_an_applied_value_is_replaced_without_git(acme: World):
    agents = acme.sdk.beta.agents
    acme.by_hand(agents.update(acme.id_of("assistant/triage"), instructions="Be quick."))
    assert not pull(acme).problems
    assert (acme.root / "prompts/triage.md").read_text() == "Be quick.\n"


def test_a_second_pull_does_not_replace_the_first(acme: World):
    commit(acme)
    agents = acme.sdk.beta.agents
    for text in ("Be quick.", "Be quicker."):
        acme.by_hand(agents.update(acme.id_of("assistant/triage"), instructions=text))
        pulled = pull(acme)
    assert [conflict.item.path for conflict in pulled.conflicts] == ["instructions"]
    assert (acme.root / "prompts/triage.md").read_text() == "Be quick.\n"


def test_a_text_that_was_saved_during_the_command_is_not_replaced(acme: World):
    agents = acme.sdk.beta.agents
    acme.by_hand(agents.update(acme.id_of("assistant/triage"), instructions="Be quick."))
    planned, workspace = acme.observed("keep").planned, open_workspace(acme.root, acme.environ)
    assert workspace.desired
    found = accepted(workspace, planned)
    acme.file("prompts/triage.md", "Be kind.\nBe thorough.\n")
    with pytest.raises(ReconcilerError, match="was edited while the command was running"):
        write(acme.root, found.edits)
    (problem,) = accepted(workspace, planned).problems
    assert "was edited while the live objects were read" in problem.message
    assert (acme.root / "prompts/triage.md").read_text() == "Be kind.\nBe thorough.\n"


def test_a_shared_text_with_a_conflict_is_not_replaced_by_another_object(acme: World):
    acme.file("twin.yaml", FILES["triage.yaml"].replace("name: triage", "name: twin"))
    acme.apply()
    agents = acme.sdk.beta.agents
    for name in ("triage", "twin"):
        acme.by_hand(agents.update(acme.id_of(f"assistant/{name}"), instructions="Be quick."))
    planned = acme.observed("keep").planned
    first, second = planned.plan.drift
    edited = replace(second, fields=tuple(replace(item, origin="both") for item in second.fields))
    planned = replace(planned, plan=replace(planned.plan, drift=(first, edited)))
    found = accepted(open_workspace(acme.root, acme.environ), planned)
    assert not found.edits
    assert [conflict.address for conflict in found.conflicts] == ["assistant/twin"]
    assert "shared" in {problem.code for problem in found.problems}
