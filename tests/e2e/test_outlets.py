"""Outlets from a first apply on: added, emptied, changed, recreated elsewhere, removed, and added again."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.bundles import load
from reconciler.planning.model import OnDrift, Plan, drift_class
from reconciler.project.workspace import open_workspace
from reconciler.releases.release import release
from tests.support.world import BUNDLES, PROJECT, World, is_silent, manifest, world

EVERY = pytest.mark.parametrize("on_drift", ["revert", "keep", "refuse"])
NAMES = {"assistant/one", "assistant/one@bot.1", "chatbot/bot", "chatbot/bot@1", "chatbot/bot@working"}


def project(*outlets: str) -> dict[str, Any]:
    return {**PROJECT, "spec": {**PROJECT["spec"], "outlets": [{"directory": outlet} for outlet in outlets]}}


def classes(plan: Plan) -> set[tuple[str, str]]:
    return {(drift_class(change), change.decision or "") for change in plan.drift}


def names(made: World, outlet: str) -> set[str]:
    root = made.root / outlet / "acme"
    pointers = (path for kind in ("assistant", "chatbot") for path in (root / kind).glob("*.json"))
    return {path.relative_to(root).as_posix().removesuffix(".json") for path in pointers}


def one(instructions: str = "Help.") -> dict[str, Any]:
    return manifest("Assistant", "one", {"model": "gpt-6-luna", "instructions": instructions})


def bot(**spec: Any) -> dict[str, Any]:
    return manifest("Chatbot", "bot", {"assistant": "one", **spec})


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    """An applied project without outlets, with a published release."""
    with world(tmp_path / "shop") as found:
        found.wants(one(), bot())
        found.apply()
        for words in (["init", "--quiet"], ["add", "--all"]):
            subprocess.run(["git", "-C", str(found.root), *words], check=True)
        release(found.root, found.environ, "bot")
        found.wants(bot(published=1))
        found.apply()
        assert is_silent(found.plan())
        yield found


@pytest.fixture
def filled(made: World) -> World:
    made.wants(project("build/b"))
    made.apply()
    return made


@EVERY
def test_a_new_outlet_is_filled_by_changes_of_the_project(made: World, on_drift: OnDrift):
    made.wants(project("build/b"))
    plan = made.plan(on_drift)
    assert (plan.drift, plan.refusals) == ((), ())
    assert {change.reasons[0].code for change in plan.changes} == {"outlet-unwritten"}
    made.apply(on_drift)
    assert names(made, "build/b") == NAMES
    assert load(made.root / "build/b", "acme", "chatbot/bot").content == (
        load(made.root / BUNDLES, "acme", "chatbot/bot").content
    )
    assert is_silent(made.plan(on_drift))


@EVERY
def test_an_emptied_outlet_is_drift_that_is_repaired(filled: World, on_drift: OnDrift):
    shutil.rmtree(filled.root / "build")
    plan = filled.plan(on_drift)
    assert (plan.changes, plan.refusals, classes(plan)) == ((), (), {("missing", "revert")})
    filled.apply(on_drift)
    assert names(filled, "build/b") == NAMES
    assert is_silent(filled.plan())


@EVERY
def test_the_built_in_outlet_is_repaired_too(filled: World, on_drift: OnDrift):
    shutil.rmtree(filled.root / BUNDLES)
    plan = filled.plan(on_drift)
    assert (plan.changes, plan.refusals, classes(plan)) == ((), (), {("missing", "revert")})
    filled.apply(on_drift)
    assert is_silent(filled.plan())


@EVERY
def test_a_recreated_outlet_at_another_path_is_filled(filled: World, on_drift: OnDrift):
    shutil.rmtree(filled.root / "build")
    filled.wants(project("other/./c"))
    plan = filled.plan(on_drift)
    assert (plan.drift, plan.refusals) == ((), ())
    assert [change.address for change in plan.changes if change.action == "forget"] == ["outlet/build/b"]
    filled.apply(on_drift)
    assert names(filled, "other/c") == NAMES
    assert is_silent(filled.plan())


class TestOneDocument:
    def pointer(self, filled: World, name: str) -> Path:
        return filled.root / "build/b/acme" / f"{name}.json"

    def change(self, filled: World, name: str) -> str:
        """Write other ids to a pointer, and return its text."""
        path = self.pointer(filled, name)
        text = json.dumps({**json.loads(path.read_text()), "ids": {"vectorstore/x": "vs_x"}})
        path.write_text(text)
        return text

    def test_a_changed_document_is_kept_beside_one_that_is_repaired(self, filled: World):
        text = self.change(filled, "assistant/one")
        self.pointer(filled, "chatbot/bot").unlink()
        assert classes(filled.plan("keep")) == {("tampered", "keep"), ("missing", "revert")}
        filled.apply("keep")
        assert self.pointer(filled, "assistant/one").read_text() == text
        assert names(filled, "build/b") == NAMES
        filled.apply("revert")
        assert is_silent(filled.plan())

    def test_a_changed_document_is_kept_while_another_outlet_is_filled(self, filled: World):
        text = self.change(filled, "assistant/one")
        filled.wants(project("build/b", "build/c"))
        assert filled.plan("keep").refusals == ()
        filled.apply("keep")
        assert names(filled, "build/c") == NAMES
        assert self.pointer(filled, "assistant/one").read_text() == text

    def test_an_edit_of_a_changed_document_is_a_conflict(self, filled: World):
        self.change(filled, "assistant/one")
        filled.wants(one("Help well."))
        assert [(one.rule, one.address) for one in filled.plan("keep").refusals] == [("conflict", "assistant/one")]
        filled.apply("revert")
        assert is_silent(filled.plan())

    @pytest.mark.parametrize("where", ["build/b", str(BUNDLES)])
    def test_a_pointer_without_its_blob_is_missing(self, filled: World, where: str):
        blob = json.loads((filled.root / where / "acme/assistant/one.json").read_text())["blob"]
        (filled.root / where / "acme/blobs" / f"{blob.removeprefix('sha256:')}.json").unlink()
        assert classes(filled.plan("keep")) == {("missing", "revert")}
        filled.apply("keep")
        assert is_silent(filled.plan())

    @pytest.mark.parametrize("where", ["build/b", str(BUNDLES)])
    def test_a_blob_without_its_pointer_is_missing(self, filled: World, where: str):
        (filled.root / where / "acme/chatbot/bot.json").unlink()
        assert classes(filled.plan("keep")) == {("missing", "revert")}
        filled.apply("keep")
        assert is_silent(filled.plan())

    def test_an_altered_blob_is_tampered(self, filled: World):
        pointer = json.loads(self.pointer(filled, "assistant/one").read_text())
        blob = filled.root / "build/b/acme/blobs" / f"{pointer['blob'].removeprefix('sha256:')}.json"
        blob.write_text(blob.read_text() + " ")
        assert classes(filled.plan("keep")) == {("tampered", "keep")}


def test_an_outlet_with_the_documents_of_an_earlier_apply_is_changed_since_it_was_written(filled: World):
    shutil.copytree(filled.root / "build/b", filled.root / "backup")
    filled.wants(one("Help well."))
    filled.apply()
    shutil.rmtree(filled.root / "build/b")
    shutil.move(filled.root / "backup", filled.root / "build/b")
    assert classes(filled.plan("keep")) == {("tampered", "keep")}
    filled.apply("revert")
    assert is_silent(filled.plan())


def test_a_removed_outlet_keeps_its_documents_and_is_a_high_risk_once(filled: World):
    filled.wants(project())
    plan = filled.plan("keep")
    (risk,) = plan.risks
    assert (risk.rule, risk.level) == ("publication-withdrawn", "high")
    assert risk.args == {"outlet": "build/b", "names": ["assistant/one", "chatbot/bot"]}
    filled.apply("keep")
    assert names(filled, "build/b") == NAMES
    assert is_silent(filled.plan())


@EVERY
def test_an_outlet_that_is_added_again_is_brought_up_to_date(filled: World, on_drift: OnDrift):
    filled.wants(project())
    filled.apply()
    filled.wants(one("Help well."))
    filled.apply()
    filled.wants(project("build/b"))
    plan = filled.plan(on_drift)
    assert (plan.drift, plan.refusals) == ((), ())
    filled.apply(on_drift)
    assert load(filled.root / "build/b", "acme", "assistant/one").content == (
        load(filled.root / BUNDLES, "acme", "assistant/one").content
    )
    assert is_silent(filled.plan())


def test_a_state_without_records_of_outlets_leaves_a_differing_document_to_on_drift(filled: World):
    """As a version wrote it that did not record outlets."""
    path = next((filled.root / ".reconciler/state").rglob("state.json"))
    workspace = open_workspace(filled.root, filled.environ)
    assert workspace.backend.read().state.outlets is not None
    for document in path.parent.rglob("*.json"):
        found = json.loads(document.read_text())
        for segment in (found, *found.get("segments", ())):
            for member in ("outlets", "written", "environments"):
                segment.pop(member, None)
        document.write_text(json.dumps(found))
    assert workspace.backend.read().state.outlets is None
    assert is_silent(filled.plan())
    TestOneDocument().change(filled, "assistant/one")
    assert classes(filled.plan("keep")) == {("tampered", "keep")}
    (filled.root / "build/b/acme/assistant/one.json").unlink()
    filled.apply("keep")
    assert is_silent(filled.plan())
    shutil.rmtree(filled.root / "build")
    assert classes(filled.plan()) == {("missing", "revert")}


def test_a_removed_chatbot_is_withdrawn_from_an_outlet_although_the_built_in_one_lost_it(filled: World):
    shutil.rmtree(filled.root / BUNDLES)
    filled.drops("Chatbot/bot")
    shutil.rmtree(filled.root / "releases")
    plan = filled.plan("keep")
    assert "publication-withdrawn" in [risk.rule for risk in plan.risks if risk.address == "chatbot/bot"]
    filled.apply("keep")
    assert names(filled, "build/b") == {"assistant/one"}


def test_a_second_environment_has_a_record_of_its_own(tmp_path: Path):
    with world(tmp_path) as made:
        environments: dict[str, Any] = {"staging": {}, "production": {}}
        made.wants({**PROJECT, "spec": {**project("build/b")["spec"], "environments": environments}}, one())
        for env in environments:
            made.environ = {**made.environ, "RECONCILER_ENV": env}
            made.apply()
        shutil.rmtree(made.root / "build/b/acme/staging")
        assert is_silent(made.plan())
        made.environ = {**made.environ, "RECONCILER_ENV": "staging"}
        assert classes(made.plan("keep")) == {("missing", "revert")}


def test_a_removed_environment_is_a_high_risk_in_the_others_once(tmp_path: Path):
    with world(tmp_path) as made:
        both: dict[str, Any] = {"staging": {}, "production": {}}
        for environments in (both, {"staging": both["staging"]}):
            made.wants({**PROJECT, "spec": {**PROJECT["spec"], "environments": environments}}, one())
            if "production" in environments:
                for env in environments:
                    made.environ = {**made.environ, "RECONCILER_ENV": env}
                    made.apply()
        made.environ = {**made.environ, "RECONCILER_ENV": "staging"}
        plan = made.plan()
        assert [(risk.rule, risk.level, risk.address) for risk in plan.risks] == [
            ("publication-withdrawn", "high", "environment/production")
        ]
        made.apply()
        assert not made.plan().work


def test_a_renamed_project_is_a_high_risk_of_its_first_plan(made: World):
    made.documents["Project/acme"] = {**PROJECT, "metadata": {"name": "globex"}}
    made.wants()
    found = [risk for risk in made.plan().risks if risk.rule == "publication-withdrawn"]
    assert [(risk.level, risk.address) for risk in found] == [("high", "project/acme")]
    made.apply()
    assert not made.plan().work
