"""What the drift report says of small worlds."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from reconciler.planning.drift import DriftReport, RetiringModel, drift_report, running
from reconciler.planning.sync_status import FailingFile
from tests.support.asking import warned
from tests.support.plan_inputs import FORMS, Worlds, entry, ref

TODAY = date(2026, 11, 21)
RUNS = {
    **FORMS,
    "agent": replace(FORMS["agent"], models=lambda fields: [fields["model"]] if "model" in fields else []),
}
NO_TEXT = {"code": "unsupported_file", "message": "No text in it."}


def report(worlds: Worlds, **options) -> DriftReport:
    return drift_report(worlds.planned(**{"resource_types": RUNS, "today": TODAY, **options}))


def drifted(made: DriftReport) -> list[tuple[str, list[str]]]:
    return [(item.change.address, [field.path for field in item.change.fields]) for item in made.drifted]


@pytest.fixture
def worlds() -> Worlds:
    return Worlds()


@pytest.fixture
def shelf(worlds: Worlds) -> Worlds:
    """Two assistants that share a store of two files, and one that uses nothing."""
    for path in ("kb/a.md", "kb/b.md"):
        worlds.synced_file(path, path)
    files = {path: entry(path, path) for path in ("kb/a.md", "kb/b.md")}
    worlds.want("vectorstore/kb", files=files).applied("vectorstore/kb", files=files)
    for name in ("billing", "triage"):
        worlds.synced(f"assistant/{name}", uses=ref("vectorstore/kb"))
    worlds.synced("assistant/clerk", note="File it.")
    return worlds


def holding(worlds: Worlds, *paths: str, **detail) -> Worlds:
    """The store as it is live."""
    held = {worlds.state[address].id: address.name for address in worlds.state if address.kind == "file"}
    files = {id_: entry(path, path) for id_, path in held.items() if path in paths}
    return worlds.live(
        "vectorstore/kb", files={id_: {**one, "attributes": {}} for id_, one in files.items()}, detail=detail
    )


def standings(made: DriftReport) -> dict[str, list[str]]:
    """By assistant, what of it and of what it uses is not as it was applied."""
    return {
        one.address: [*(change.address for change in one.differs), *(file.file for file in one.failing)]
        for one in made.assistants
    }


def test_nothing_to_say(shelf: Worlds):
    made = report(holding(shelf, "kb/a.md", "kb/b.md"))
    assert (made.in_sync, made.clean, made.drifted) == (True, True, ())
    assert standings(made) == {"assistant/billing": [], "assistant/clerk": [], "assistant/triage": []}


def test_a_file_that_somebody_took_out_is_told_of_every_assistant_that_searches_it(shelf: Worlds):
    made = report(holding(shelf, "kb/a.md"))
    assert drifted(made) == [("vectorstore/kb", ['files["kb/b.md"]'])]
    assert standings(made) == {
        "assistant/billing": ["vectorstore/kb"],
        "assistant/clerk": [],
        "assistant/triage": ["vectorstore/kb"],
    }


def test_a_file_that_could_not_be_indexed_is_not_one_that_somebody_took_out(shelf: Worlds):
    made = report(holding(shelf, "kb/a.md", failed_files={"file_kb-b-md": NO_TEXT}))
    assert made.drifted == ()
    assert made.failing == (FailingFile("vectorstore/kb", "kb/b.md", "unsupported_file", "No text in it."),)
    assert (made.in_sync, made.clean) == (False, False)
    assert standings(made)["assistant/triage"] == ["kb/b.md"]
    assert made.plan.warnings == ()


def test_what_else_was_done_to_the_store_is_still_told(shelf: Worlds):
    made = report(holding(shelf, failed_files={"file_kb-b-md": NO_TEXT}))
    assert drifted(made) == [("vectorstore/kb", ['files["kb/a.md"]'])]


def test_a_file_that_fails_and_that_no_manifest_names_is_not_missed(shelf: Worlds):
    made = report(holding(shelf, "kb/a.md", "kb/b.md", failed_files={"file-old": NO_TEXT}))
    assert (made.failing, made.clean) == ((), True)
    assert warned(made.plan) == [("files-not-indexed", "vectorstore/kb", {"files": ["file-old"]})]


def test_a_tampered_copy_is_told_of_the_assistant_that_it_was_made_of(worlds: Worlds):
    worlds.synced("assistant/triage", note="Be brief.")
    worlds.want("assistant/triage@support.1", note="Be brief.").applied("assistant/triage@support.1", note="Be brief.")
    worlds.live("assistant/triage@support.1", note="Be rude.")
    assert standings(report(worlds)) == {"assistant/triage": ["assistant/triage@support.1"]}


def test_an_edit_that_is_not_applied_yet_is_no_drift(worlds: Worlds):
    worlds.want("assistant/triage", note="Be kind.").stays("assistant/triage", note="Be brief.")
    worlds.want("assistant/new", note="Hello.")
    made = report(worlds)
    assert (made.clean, made.pending) == (True, 2)
    assert [(one.in_sync, one.is_pending) for one in made.assistants] == [(True, True), (True, True)]


def test_only_assistants_in_scope_are_told(shelf: Worlds):
    (clerk,) = [address for address in shelf.wanted if address.name == "clerk"]
    made = report(holding(shelf, "kb/a.md"), scope=frozenset({clerk}))
    assert standings(made) == {"assistant/clerk": []}


class TestModels:
    def live_on(self, worlds: Worlds, **models: str) -> Worlds:
        for name, model in models.items():
            worlds.synced(f"assistant/{name}", model=model)
        return worlds

    def test_by_whom_each_is_used(self, worlds: Worlds):
        planned = self.live_on(worlds, triage="gpt-5", billing="gpt-5", clerk="gpt-6").planned(resource_types=RUNS)
        assert running(planned) == {"gpt-5": ("assistant/billing", "assistant/triage"), "gpt-6": ("assistant/clerk",)}

    def test_it_is_what_is_live_that_runs_on_a_model(self, worlds: Worlds):
        worlds.want("assistant/triage", model="gpt-6").stays("assistant/triage", model="gpt-5")
        worlds.want("assistant/new", model="gpt-5")
        assert running(worlds.planned(resource_types=RUNS)) == {"gpt-5": ("assistant/triage",)}

    @pytest.mark.parametrize(("days", "is_told"), [(-30, True), (0, True), (90, True), (91, False)])
    def test_the_horizon_is_that_of_the_risk(self, worlds: Worlds, days: int, is_told: bool):
        ends = {"gpt-5": TODAY + timedelta(days)}
        made = report(self.live_on(worlds, triage="gpt-5"), shutdowns=ends)
        assert bool(made.retiring) is is_told
        assert (made.in_sync, made.clean) == (True, not is_told)

    def test_what_is_gone_comes_first(self, worlds: Worlds):
        ends = {"gpt-4": TODAY - timedelta(1), "gpt-5": TODAY + timedelta(1), "unused": TODAY}
        made = report(self.live_on(worlds, a="gpt-5", b="gpt-4"), shutdowns=ends)
        assert made.retiring == (
            RetiringModel("gpt-4", ends["gpt-4"], True, ("assistant/b",)),
            RetiringModel("gpt-5", ends["gpt-5"], False, ("assistant/a",)),
        )
