"""Clones of managed objects, with the labels of the originals: nothing is deleted until a person decides."""

import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.planning.model import Plan
from reconciler.releases.release import release
from reconciler.resources.labels import ADDRESS
from tests.support.cli import Cli, by_hand
from tests.support.clones import clone_agent, clone_store, unlabel_agent, unlabel_store
from tests.support.world import BUNDLES, STATE, World, is_silent, manifest, world

PROJECT: Any = {
    "kind": "Project",
    "metadata": {"name": "acme"},
    "spec": {"environments": {"staging": {}, "production": {}}, "safety": {"max_deletes": 20}},
}
AGENT: Any = {"target": "agents", "model": "gpt-6-luna", "instructions": "Sort.", "metadata": {"tier": "gold"}}
HELPER: Any = {
    "target": "responses",
    "model": "gpt-6-luna",
    "instructions": "Help.",
    "tools": [{"type": "file_search", "vector_store_ids": ["kb"]}],
}
FLOW: Any = {
    "nodes": {name: {"type": "assistant", "assistant": name} for name in ("triage", "helper")},
    "edges": [{"from": "start", "to": "triage"}, {"from": "triage", "to": "helper"}, {"from": "helper", "to": "end"}],
}
AUTHOR = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
PRODUCTION = {"RECONCILER_ENDPOINT": "embedded", "RECONCILER_ENV": "production"}


@pytest.fixture
def estate(tmp_path) -> Iterator[World]:
    """Return an applied project with a published release, whose copies are labelled, too."""
    with world(tmp_path) as made:
        made.environ = PRODUCTION
        made.file(".gitignore", ".reconciler/\n")
        made.file("kb/a.md", "Bills.")
        made.wants(
            PROJECT,
            manifest("Assistant", "triage", AGENT),
            manifest("Assistant", "helper", HELPER),
            manifest("VectorStore", "kb", {"files": ["kb/*.md"], "metadata": {"lang": "en"}}),
            manifest("Pipeline", "flow", FLOW),
            manifest("Chatbot", "support", {"pipeline": "flow"}),
        )
        made.apply()
        for words in (["init", "--quiet"], ["add", "--all"], [*AUTHOR, "commit", "--quiet", "-m", "work"]):
            subprocess.run(["git", "-C", str(made.root), *words], check=True, capture_output=True)
        release(made.root, made.environ, "support", publish=True)
        made.documents["Chatbot/support"]["spec"]["published"] = 1
        made.wants()
        made.apply()
        assert is_silent(made.plan())
        yield made


def labelled(estate: World) -> dict[str, str]:
    """Return the ids of the live objects by the address on their label."""

    async def look() -> dict[str, str]:
        sdk = estate.sdk
        found: list[Any] = [one async for one in sdk.beta.agents.list()]
        found += [one async for one in sdk.vector_stores.list()]
        return {one.metadata[ADDRESS]: one.id for one in found}

    return estate.by_hand(look())


def live_ids(estate: World) -> set[str]:
    async def look() -> set[str]:
        sdk = estate.sdk
        agents = {one.id async for one in sdk.beta.agents.list()}
        return agents | {one.id async for one in sdk.vector_stores.list()} | {one.id async for one in sdk.files.list()}

    return estate.by_hand(look())


def cloned(estate: World, address: str, **edits: Any) -> tuple[str, str]:
    """Clone the object with this label, and return the ids of the original and of the clone."""
    original = labelled(estate)[address]
    clone = clone_store if address.startswith("vectorstore/") else clone_agent
    return original, estate.by_hand(clone(estate.sdk, original, **edits))


def is_empty(plan: Plan) -> bool:
    return (plan.changes, plan.drift, plan.refusals) == ((), (), ())


def objects(plan: Plan) -> dict[str, bool]:
    """Return the objects of the only refusal, each with whether the state has it."""
    (refusal,) = plan.refusals
    assert (refusal.rule, refusal.consent) == ("duplicate", None)
    assert all(one["name"] is not None for one in refusal.cause.args["objects"])
    return {one["id"]: one["in_state"] for one in refusal.cause.args["objects"]}


def kinds(estate: World) -> dict[str, str]:
    """Return one labelled address of each kind: working objects, and copies that a release froze."""
    names = sorted(labelled(estate))
    return {name.partition("/")[0] + ("@" if "@" in name else ""): name for name in names}


KINDS = ("assistant", "assistant@", "vectorstore", "vectorstore@")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("edits", [{}, {"name": "Clone of it"}], ids=["unedited", "renamed"])
def test_a_clone_is_refused_and_not_deleted(estate, kind, edits):
    original, clone = cloned(estate, kinds(estate)[kind], **edits)
    before = live_ids(estate)
    plan = estate.plan()
    assert objects(plan) == {original: True, clone: False}
    assert not [change for change in plan.work if change.id == clone]
    assert live_ids(estate) == before


@pytest.mark.parametrize("kind", KINDS)
def test_with_a_state_from_before_the_original_both_are_refused(estate, kind):
    original, clone = cloned(estate, kinds(estate)[kind])
    estate.lose_entries()
    assert objects(estate.plan()) == {original: False, clone: False}


def test_without_the_state_that_has_the_original_everything_is_refused(estate):
    original, clone = cloned(estate, "assistant/triage")
    estate.lose_state()
    (refusal,) = estate.plan().refusals
    assert refusal.rule == "foreign-owner"
    listed = {one["id"] for one in refusal.cause.args["objects"]}
    assert {original, clone} < listed
    left_out = {str(address): ids for address, ids in estate.rebuild().ambiguous.items()}
    assert left_out == {"assistant/triage": (clone,)}, "a published bundle selects the original"
    assert objects(estate.plan()) == {original: True, clone: False}


def test_a_clone_of_an_object_of_another_environment_is_refused_there_and_left_alone_here(estate):
    estate.environ = {**PRODUCTION, "RECONCILER_ENV": "staging"}
    assert not estate.plan().refusals
    estate.apply()
    staging = labelled_in(estate, "acme/staging")
    clone = estate.by_hand(clone_agent(estate.sdk, staging["assistant/triage"], name="Mine"))
    assert objects(estate.plan()) == {staging["assistant/triage"]: True, clone: False}
    estate.environ = PRODUCTION
    plan = estate.plan()
    assert is_empty(plan)
    assert clone in {one.id for one in plan.unmanaged}


def labelled_in(estate: World, identity: str) -> dict[str, str]:
    async def look() -> dict[str, str]:
        found = [one async for one in estate.sdk.beta.agents.list()]
        ours = [one for one in found if (one.metadata or {}).get("reconciler-project") == identity]
        return {(one.metadata or {})[ADDRESS]: one.id for one in ours}

    return estate.by_hand(look())


@pytest.mark.parametrize("kind", ["assistant", "vectorstore"])
def test_a_clone_is_refused_when_the_manifest_goes_too(estate, kind):
    address = {"assistant": "assistant/clerk", "vectorstore": "vectorstore/old"}[kind]
    estate.wants(manifest("Assistant", "clerk", AGENT), manifest("VectorStore", "old", {"files": ["kb/*.md"]}))
    estate.apply()
    original, clone = cloned(estate, address)
    estate.drops("Assistant/clerk", "VectorStore/old")
    assert objects(estate.plan()) == {original: True, clone: False}


@pytest.mark.parametrize("kind", ["assistant", "vectorstore"])
def test_a_clone_is_not_deleted_after_the_original(estate, kind):
    address = {"assistant": "assistant/clerk", "vectorstore": "vectorstore/old"}[kind]
    estate.wants(manifest("Assistant", "clerk", AGENT), manifest("VectorStore", "old", {"files": ["kb/*.md"]}))
    estate.apply()
    original, clone = cloned(estate, address, name="Mine")
    store = kind == "vectorstore"
    estate.by_hand((estate.sdk.vector_stores if store else estate.sdk.beta.agents).delete(original))
    estate.drops("Assistant/clerk", "VectorStore/old")
    (refusal,) = estate.plan().refusals
    assert (refusal.rule, refusal.address, refusal.cause.args["id"]) == ("duplicate", address, clone)
    estate.by_hand((unlabel_store if store else unlabel_agent)(estate.sdk, clone))
    estate.apply()
    assert clone in live_ids(estate)
    assert is_empty(estate.plan())


class TestTheWaysOut:
    """Each ends with an empty plan, and with the other object as it was."""

    @pytest.mark.parametrize("kind", KINDS)
    def test_the_clone_loses_its_label(self, estate, kind):
        original, clone = cloned(estate, kinds(estate)[kind])
        unlabel = unlabel_store if kind.startswith("vectorstore") else unlabel_agent
        estate.by_hand(unlabel(estate.sdk, clone))
        assert is_empty(estate.plan())
        assert {original, clone} <= live_ids(estate)
        assert clone in {one.id for one in estate.plan().unmanaged}

    @pytest.mark.parametrize("kind", KINDS)
    def test_the_clone_is_deleted(self, estate, kind):
        original, clone = cloned(estate, kinds(estate)[kind])
        sdk = estate.sdk
        delete = sdk.vector_stores.delete if kind.startswith("vectorstore") else sdk.beta.agents.delete
        estate.by_hand(delete(clone))
        assert is_silent(estate.plan())
        assert original in live_ids(estate)

    def test_after_a_loss_the_one_that_is_left_is_managed_again(self, estate):
        original, clone = cloned(estate, "assistant/triage")
        estate.lose_state()
        estate.by_hand(estate.sdk.beta.agents.delete(clone))
        estate.rebuild()
        estate.apply()
        assert is_silent(estate.plan())
        assert estate.id_of("assistant/triage") == original


MANIFEST = """\
apiVersion: reconciler/v1
kind: Assistant
metadata: {name: NAME}
spec: {target: agents, model: gpt-6-luna, instructions: Sort.}
"""


@pytest.fixture
def clones(project, cli: Cli) -> tuple[str, str]:
    """Return the ids of a managed agent and of a clone of it, in the project of the command line."""
    (project / "desk.yaml").write_text(MANIFEST.replace("NAME", "desk"))
    assert cli("apply", "--yes").code == 0
    original = next(
        one["id"] for one in cli("state", "list", "-o", "json").document["objects"] if "desk" in one["address"]
    )
    return original, by_hand(project, lambda sdk: clone_agent(sdk, original, name="Desk of Ann"))


def remedies(refusal: Any) -> str:
    return "; ".join(one["text"] for one in refusal["remedies"])


def test_every_command_says_the_same_of_a_clone(project, clones, cli: Cli):
    original, clone = clones
    plan = cli("plan")
    assert plan.code == 3
    objects = f"{original} (desk) in the state, {clone} (Desk of Ann) not in the state"
    said = f"2 live objects carry the label assistant/desk: {objects}"
    assert said in " ".join(plan.out.split())
    assert cli("apply", "--yes").code == 3
    assert said in " ".join(cli("drift").out.split())
    status = {one["address"]: one for one in cli("status", "-o", "json").document["objects"]}
    assert status["assistant/desk"]["id"] == original
    assert "duplicate" in cli("status").out
    listed = {one["id"]: one["ownership"] for one in cli("inventory", "-o", "json").document["objects"]}
    assert (listed[original], listed[clone]) == ("ours", "unmanaged")
    assert cli("state", "rebuild", "--yes", "-o", "json").document["contested"] == {"assistant/desk": [clone]}


def test_the_command_of_the_remedy_adopts_the_clone_under_another_name(project, clones, cli: Cli):
    original, clone = clones
    (refusal,) = cli("plan", "-o", "json").document["refusals"]
    assert f"run `reconciler adopt assistant/NAME={clone}`" in remedies(refusal)
    (project / "ann.yaml").write_text(MANIFEST.replace("NAME", "ann").replace("spec: {", "spec: {name: Desk of Ann, "))
    assert cli("adopt", f"assistant/ann={clone}", "--yes").code == 0
    assert cli("plan", "--detailed-exitcode").code == 0
    ids = {one["address"]: one["id"] for one in cli("state", "list", "-o", "json").document["objects"]}
    assert (ids["assistant/desk"], ids["assistant/ann"]) == (original, clone)


def test_the_command_of_the_remedy_selects_one_after_a_loss(project, clones, cli: Cli):
    original, clone = clones
    lineage = cli("state", "pull").document["lineage"]
    for folder in (STATE, BUNDLES):  # without a bundle that selects one of them
        shutil.rmtree(project / folder)
    assert cli("state", "rebuild", "--lineage", lineage).code == 0
    (refusal,) = cli("plan", "-o", "json").document["refusals"]
    assert "`reconciler adopt assistant/desk=" in remedies(refusal)
    assert cli("adopt", f"assistant/desk={clone}", "--yes").code == 0
    (refusal,) = cli("plan", "-o", "json").document["refusals"]
    known = {one["id"]: one["in_state"] for one in refusal["cause"]["args"]["objects"]}
    assert known == {original: False, clone: True}
    by_hand(project, lambda sdk: unlabel_agent(sdk, original))
    assert cli("plan").code == 0
