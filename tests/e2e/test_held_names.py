"""What a release holds, through renames, moves in the state, lost states, further outlets, and other identities."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.bundles.bundle import load
from reconciler.operations.state_edits import move, rewritten
from reconciler.operations.validate import validate
from reconciler.planning.model import Plan
from reconciler.project.workspace import open_workspace
from reconciler.releases.release import release
from reconciler.resources.address import Address
from reconciler.resources.problems import ReconcilerError
from reconciler.state.lock import this_process
from tests.support.world import BUNDLES, PROJECT, Document, World, is_silent, manifest, told, world

REQUEST: Document = {"target": "responses", "model": "gpt-6.1-sol"}
AGENT: Document = {"target": "agents", "model": "gpt-6.1-sol"}
SEARCHING: Document = {**REQUEST, "tools": [{"type": "file_search", "vector_store_ids": ["kb"]}]}


def named(kind: str, name: str, spec: Document, *former: str) -> Document:
    return manifest(kind, name, spec, **({"lifecycle": {"moved_from": list(former)}} if former else {}))


def store(name: str, *former: str) -> Document:
    return named("VectorStore", name, {"files": [], "releases": "live"}, *former)


def bot(assistant: str = "triage", **spec: Any) -> Document:
    return manifest("Chatbot", "bot", {"assistant": assistant, **spec})


def released(made: World, number: int = 1, assistant: str = "triage", **spec: Any) -> None:
    """Release the bot, publish the release, and apply."""
    release(made.root, made.environ, "bot", vendor=True)
    made.wants(bot(assistant, published=number, **spec))
    made.apply()


def refused(plan: Plan) -> list[tuple[str, str]]:
    return [(refusal.rule, refusal.address) for refusal in plan.refusals]


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "acme") as made:
        yield made


@pytest.fixture
def shop(estate: World) -> World:
    """A published release that uses a live store, whose working assistant no longer uses it."""
    estate.wants(store("kb"), manifest("Assistant", "triage", SEARCHING), bot())
    estate.apply()
    released(estate)
    estate.wants(manifest("Assistant", "triage", REQUEST))
    estate.apply()
    return estate


def rename_store(made: World) -> None:
    """Rename the store as documented, apply it, and remove `moved_from` again."""
    made.drops("VectorStore/kb")
    made.wants(store("guides", "kb"))
    made.apply()
    made.wants(store("guides"))
    assert is_warned(made.plan(), "vectorstore/kb", "vectorstore/guides")


def is_warned(plan: Plan, name: str, now: str) -> bool:
    """Return True if the plan is empty, and warns that only the state resolves a name of release 1."""
    (notice,) = plan.warnings
    args = {"name": name, "releases": ["release/bot@1"], "now": now, "moved_from": [name.partition("/")[2]]}
    return is_silent(replace(plan, warnings=())) and (notice.code, notice.args) == ("only-in-state", args)


def rewrite_state(made: World, **holds: str) -> None:
    """Write the state as the version before this record did: the releases have nothing but `holds`."""
    workspace = open_workspace(made.root, made.environ)
    snapshot = workspace.backend.read()
    objects = {address: replace(one, holds=holds) for address, one in snapshot.state.objects.items()}
    with workspace.backend.lock(this_process({})) as lease:
        rewritten(workspace, lease, snapshot, replace(snapshot, state=replace(snapshot.state, objects=objects)), "test")


def held(made: World, name: str) -> dict[str, str]:
    objects = open_workspace(made.root, made.environ).backend.read().state.objects
    return dict(objects[Address.parse(name)].holds)


def rebuild(made: World) -> None:
    made.lose_state()
    made.rebuild()


class TestStoreOfARelease:
    def test_is_not_deleted_after_its_rename(self, shop: World):
        rename_store(shop)
        shop.drops("VectorStore/guides")
        assert refused(shop.plan()) == [("referenced", "vectorstore/guides")]

    def test_nor_where_the_bundles_beside_the_state_are_lost(self, shop: World):
        rename_store(shop)
        shop.drops("VectorStore/guides")
        shutil.rmtree(shop.root / BUNDLES)
        assert ("referenced", "vectorstore/guides") in refused(shop.plan())

    def test_nor_where_the_state_was_rebuilt(self, shop: World):
        rename_store(shop)
        rebuild(shop)
        assert held(shop, "release/bot@1")["vectorstore/kb"] == shop.id_of("vectorstore/guides")
        shop.drops("VectorStore/guides")
        assert refused(shop.plan()) == [("referenced", "vectorstore/guides")]

    def test_nor_after_state_mv(self, shop: World):
        shop.drops("VectorStore/kb")
        shop.wants(store("guides"))
        former, address = Address.parse("vectorstore/kb"), Address.parse("vectorstore/guides")
        (note, _) = move(shop.root, shop.environ, former, address, env=None).notes
        assert note == (
            "releases use the name vectorstore/kb (release/bot@1): add `lifecycle: {moved_from: kb}` to "
            "vectorstore/guides, so that other environments can follow it"
        )
        shop.apply()
        shop.drops("VectorStore/guides")
        assert refused(shop.plan()) == [("referenced", "vectorstore/guides")]

    def test_an_upgraded_state_has_no_record_and_the_next_apply_writes_it(self, shop: World):
        rename_store(shop)
        rewrite_state(shop)
        before = shop.memory()
        assert is_warned(shop.plan(), "vectorstore/kb", "vectorstore/guides")
        shop.apply()
        assert shop.memory() == before
        shop.wants(manifest("Assistant", "triage", {**REQUEST, "instructions": "Help."}))
        shop.apply()
        assert held(shop, "release/bot@1")["vectorstore/kb"] == shop.id_of("vectorstore/guides")
        shop.drops("VectorStore/guides")
        assert refused(shop.plan()) == [("referenced", "vectorstore/guides")]

    def test_is_used_again_after_a_rollback(self, shop: World):
        rename_store(shop)
        released(shop, 2)
        shop.wants(bot(published=1))
        shop.apply()
        ids = load(shop.root / BUNDLES, "acme", "chatbot/bot").pointer.ids
        assert ids == {"vectorstore/kb": shop.id_of("vectorstore/guides")}
        shop.drops("VectorStore/guides")
        assert refused(shop.plan()) == [("referenced", "vectorstore/guides")]

    def test_is_deleted_once_retention_archives_the_release(self, shop: World):
        rename_store(shop)
        released(shop, 2, releases={"keep": 1})
        shop.drops("VectorStore/guides")
        assert told(shop.plan().changes) == ["delete vectorstore/guides"]

    def test_is_named_by_a_warning_that_lists_every_former_name(self, shop: World):
        rename_store(shop)
        shop.drops("VectorStore/guides")
        shop.wants(store("manuals", "guides"))
        (notice,) = shop.plan().warnings
        assert (notice.args["now"], notice.args["moved_from"]) == ("vectorstore/manuals", ["guides", "kb"])
        shop.wants(store("manuals", "guides", "kb"))
        assert shop.plan().warnings == ()

    def test_is_not_taken_for_a_removed_one_where_moved_from_was_removed_before_its_apply(self, shop: World):
        shop.drops("VectorStore/kb")
        assert (refused(shop.plan()), shop.plan().warnings) == ([("referenced", "vectorstore/kb")], ())
        shop.wants(store("guides"))
        plan = shop.plan()
        assert refused(plan) == [("referenced", "vectorstore/kb")]
        assert [(notice.code, notice.args["now"]) for notice in plan.warnings] == [("only-in-state", None)]
        shop.wants(store("guides", "kb"))
        assert (refused(shop.plan()), shop.plan().warnings) == ([], ())

    def test_keeps_its_name_to_itself(self, shop: World):
        rename_store(shop)
        shop.wants(store("kb"))
        with pytest.raises(ReconcilerError, match="release/bot@1 uses vectorstore/kb, which is called") as raised:
            shop.plan()
        (problem,) = raised.value.problems
        assert (problem.code, str(problem.place)) == ("moved-from-removed", "manifests.yaml:5:1")
        assert problem.hint.startswith("rename vectorstore/kb, and add `lifecycle: {moved_from: kb}`")


class TestAnotherIdentity:
    """One that has applied neither the release nor the rename: it has Git alone."""

    @pytest.fixture
    def elsewhere(self, shop: World, tmp_path: Path) -> Iterator[World]:
        rename_store(shop)
        with world(tmp_path / "elsewhere") as made:
            shutil.copytree(shop.root, made.root, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".reconciler"))
            made.documents = shop.documents
            yield made

    def test_cannot_apply_the_release_without_moved_from(self, elsewhere: World):
        with pytest.raises(ReconcilerError) as raised:
            elsewhere.plan()
        (problem,) = raised.value.problems
        assert problem.code == "undefined-in-release"
        assert problem.message == "release/bot@1 uses vectorstore/kb, which no manifest defines"
        assert problem.hint.startswith("if vectorstore/kb was renamed, add `lifecycle: {moved_from: kb}` to")
        assert str(problem.place).startswith("releases/bot/v1.yaml:")
        assert validate(elsewhere.root, elsewhere.environ).problems == (problem,)

    def test_can_with_it(self, elsewhere: World):
        elsewhere.wants(store("guides", "kb"))
        assert validate(elsewhere.root, elsewhere.environ).valid
        elsewhere.apply()
        assert held(elsewhere, "release/bot@1")["vectorstore/kb"] == elsewhere.id_of("vectorstore/guides")


@pytest.mark.parametrize("spec", [AGENT, REQUEST], ids=["agent", "request"])
class TestAssistantOfARelease:
    @pytest.fixture
    def renamed(self, estate: World, spec: Document) -> World:
        """A release from before a rename that no manifest declares any longer."""
        estate.wants(manifest("Assistant", "triage", spec), manifest("Assistant", "other", REQUEST), bot())
        estate.apply()
        released(estate)
        estate.drops("Assistant/triage")
        estate.wants(named("Assistant", "first", spec, "triage"), bot("first", published=1))
        estate.apply()
        estate.wants(manifest("Assistant", "first", spec))
        assert is_warned(estate.plan(), "assistant/triage", "assistant/first")
        return estate

    @pytest.mark.parametrize("rebuilt", [False, True])
    def test_takes_it_along_when_it_is_deleted(self, renamed: World, spec: Document, rebuilt: bool):
        renamed.wants(bot("other"))
        renamed.apply()
        if rebuilt and spec is AGENT:  # the id of a request is its name, which only the state follows
            rebuild(renamed)
        renamed.drops("Assistant/first")
        plan = renamed.plan()
        gone = [change.address for change in plan.changes if change.action in {"archive", "delete"}]
        assert gone == ["release/bot@1", "assistant/triage@bot.1", "assistant/first"]

    def test_is_not_deleted_while_it_is_published(self, renamed: World, spec: Document):
        renamed.wants(bot("other", published=1))
        renamed.apply()
        renamed.drops("Assistant/first")
        assert refused(renamed.plan()) == [("referenced", "assistant/first")]

    def test_its_lost_name_is_a_warning_of_validate(self, renamed: World, spec: Document):
        (problem,) = validate(renamed.root, renamed.environ).problems
        assert (problem.code, problem.severity) == ("undefined-in-release", "warning")
        assert (
            problem.message == "release/bot@1 is published with a copy of assistant/triage, which no manifest defines"
        )

    def test_its_lost_name_is_an_error_of_a_plan_that_has_not_applied_it(self, renamed: World, tmp_path: Path, spec):
        with world(tmp_path / "elsewhere") as made:
            shutil.copytree(renamed.root, made.root, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".reconciler"))
            made.documents = renamed.documents
            with pytest.raises(ReconcilerError, match="with a copy of assistant/triage, which no manifest defines"):
                made.plan()

    def test_can_be_deleted_by_a_consent_and_nothing_fails_or_warns_afterwards_for_it(self, estate: World, spec):
        estate.wants(manifest("Assistant", "triage", spec), manifest("Assistant", "other", REQUEST), bot())
        estate.apply()
        released(estate)
        estate.wants(bot("other", published=1))
        estate.drops("Assistant/triage")
        (refusal,) = estate.plan().refusals
        week = f"{datetime.now(UTC).date() + timedelta(days=7)}"
        consent = (
            (refusal.consent or "").replace('reason: ""', "reason: old").replace('expires: ""', f'expires: "{week}"')
        )
        estate.file("consents.yaml", consent)
        estate.apply()
        (estate.root / "consents.yaml").unlink()
        plan = estate.plan()
        assert (plan.refusals, plan.changes, plan.warnings) == ((), (), ())
        checked = validate(estate.root, estate.environ)
        assert checked.valid
        assert [one.severity for one in checked.problems] == ["warning"]


@pytest.mark.parametrize("spec", [AGENT, REQUEST], ids=["agent", "request"])
class TestNameOfTwoAssistants:
    """Two releases have one name for two assistants: the first one was renamed, and another one got its name."""

    @pytest.fixture
    def reused(self, estate: World, spec: Document) -> World:
        estate.wants(manifest("Assistant", "triage", spec), manifest("Assistant", "other", REQUEST), bot())
        estate.apply()
        released(estate)
        estate.drops("Assistant/triage")
        estate.wants(named("Assistant", "first", spec, "triage"), bot("first", published=1))
        estate.apply()
        estate.wants(manifest("Assistant", "first", spec))
        estate.wants(manifest("Assistant", "triage", {**spec, "instructions": "Help."}), bot(published=1))
        estate.apply()
        released(estate, 2)
        estate.wants(bot("other"))
        estate.apply()
        return estate

    @pytest.fixture
    def renamed(self, reused: World, spec: Document) -> World:
        """The second one is renamed as well, so that no manifest has the name."""
        reused.drops("Assistant/triage")
        reused.wants(named("Assistant", "second", {**spec, "instructions": "Help."}, "triage"))
        reused.apply()
        reused.wants(manifest("Assistant", "second", {**spec, "instructions": "Help."}))
        return reused

    def removed(self, made: World, name: str) -> list[str]:
        made.drops(f"Assistant/{name}")
        plan = made.plan()
        assert plan.refusals == ()
        return [change.address for change in plan.changes if change.action in {"archive", "delete"}]

    def test_each_takes_its_own_release_along(self, reused: World, spec: Document):
        first = self.removed(reused, "first")
        assert first == ["release/bot@1", "assistant/triage@bot.1", "assistant/first"]
        reused.wants(manifest("Assistant", "first", spec))
        assert self.removed(reused, "triage") == ["release/bot@2", "assistant/triage@bot.2", "assistant/triage"]

    @pytest.mark.parametrize("rebuilt", [False, True])
    def test_also_after_both_were_renamed(self, renamed: World, spec: Document, rebuilt: bool):
        if rebuilt and spec is AGENT:  # the id of a request is its name, which only the state follows
            rebuild(renamed)
        first = self.removed(renamed, "first")
        assert first == ["release/bot@1", "assistant/triage@bot.1", "assistant/first"]
        renamed.wants(manifest("Assistant", "first", spec))
        assert self.removed(renamed, "second") == ["release/bot@2", "assistant/triage@bot.2", "assistant/second"]

    def test_only_the_one_of_the_published_release_is_not_deleted(self, renamed: World, spec: Document):
        renamed.wants(bot("other", published=1))
        renamed.apply()
        held_ids = load(renamed.root / BUNDLES, "acme", "chatbot/bot").pointer.holds
        assert held_ids["assistant/triage"] == held(renamed, "release/bot@1")["assistant/triage"]
        renamed.drops("Assistant/first")
        assert refused(renamed.plan()) == [("referenced", "assistant/first")]
        renamed.wants(manifest("Assistant", "first", spec))
        assert self.removed(renamed, "second") == ["release/bot@2", "assistant/triage@bot.2", "assistant/second"]


def test_an_assistant_that_is_moved_in_the_state_and_made_again_keeps_its_releases(estate: World):
    """The manifest still has the name on the label, so that the releases are of the object that it makes."""
    estate.wants(manifest("Assistant", "triage", AGENT), bot())
    estate.apply()
    released(estate)
    move(estate.root, estate.environ, *map(Address.parse, ("assistant/triage", "assistant/z")), env=None)
    assert [f"{one.action} {one.address}" for one in estate.apply().outcomes][-1] == "delete assistant/z"
    assert is_silent(estate.plan())


class TestMovedCopy:
    """The entry of a copy that a published release answers with is moved to another address in the state."""

    @pytest.fixture
    def moved(self, estate: World) -> World:
        estate.wants({**PROJECT, "spec": {"outlets": [{"directory": "out"}]}})
        estate.wants(manifest("Assistant", "clerk", AGENT), bot("clerk"))
        estate.apply()
        released(estate, assistant="clerk")
        move(estate.root, estate.environ, *map(Address.parse, ("assistant/clerk@bot.1", "assistant/z@y.9")), env=None)
        return estate

    def test_is_archived_after_everything_that_serves_it_is_published_again(self, moved: World):
        outcomes = moved.apply().outcomes
        assert [f"{one.action} {one.address}" for one in outcomes][-1] == "archive assistant/z@y.9"
        agents = moved.ids(moved.sdk.beta.agents.list())
        for outlet in (BUNDLES, Path("out")):
            served = load(moved.root / outlet, "acme", "chatbot/bot").pointer.ids
            assert set(served.values()) <= agents

    def test_is_not_said_to_be_of_an_archived_release(self, moved: World):
        (change,) = [one for one in moved.plan().changes if one.action == "archive"]
        assert [reason.code for reason in change.reasons] == ["no-release-left"]

    def test_is_not_archived_where_the_publication_fails(self, moved: World, monkeypatch: pytest.MonkeyPatch):
        before = moved.ids(moved.sdk.beta.agents.list())

        def full(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("reconciler.operations.apply.write_all", full)
        with pytest.raises(AssertionError, match="No space left"):
            moved.apply()
        assert before <= moved.ids(moved.sdk.beta.agents.list())

    def test_is_not_archived_by_a_plan_that_publishes_nothing(self, moved: World):
        (refusal,) = moved.plan(targets=("assistant/z@y.9",)).refusals
        assert (refusal.rule, refusal.address) == ("referenced", "assistant/z@y.9")


class TestRestoredOutlet:
    """A document that a further outlet has, and that nothing publishes: of a backup, or of an earlier run."""

    @pytest.fixture
    def restored(self, estate: World) -> World:
        estate.wants({**PROJECT, "spec": {"outlets": [{"directory": "out"}]}})
        estate.wants(manifest("Assistant", "clerk", AGENT), manifest("Assistant", "other", AGENT), bot("clerk"))
        estate.apply()
        pointer = estate.root / "out" / "acme" / "assistant" / "clerk.json"
        old = pointer.with_name("old.json")
        old.write_text(pointer.read_text().replace('"address":"assistant/clerk"', '"address":"assistant/old"'))
        return estate

    def test_is_reported(self, restored: World):
        plan = restored.plan()
        assert (plan.changes, plan.drift, plan.refusals) == ((), (), ())
        assert [(notice.code, notice.args) for notice in plan.warnings] == [
            ("only-in-outlet", {"outlet": "out", "names": ["assistant/old"]})
        ]

    def test_holds_the_agent_that_it_serves(self, restored: World):
        restored.wants(bot("other"))
        restored.drops("Assistant/clerk")
        (refusal,) = restored.plan().refusals
        assert (refusal.rule, refusal.address) == ("referenced", "assistant/clerk")
        assert [str(one.node) for one in refusal.sections["Other references"]] == ["assistant/old"]
        (restored.root / "out/acme/assistant/old.json").unlink()
        assert restored.plan().refusals == ()

    def test_is_written_again_where_a_manifest_publishes_the_name(self, restored: World):
        shutil.rmtree(restored.root / BUNDLES)
        (restored.root / "out/acme/assistant/old.json").unlink()
        assert restored.plan().warnings == ()
        restored.apply()
        assert is_silent(restored.plan())
