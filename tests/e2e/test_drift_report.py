"""The drift report of a team: what somebody did by hand, what fails, what ends, and who is in sync."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from openai.types.vector_stores import VectorStoreFile

from reconciler.emulator.fault_spec import parse
from reconciler.emulator.resources import models
from reconciler.operations.drift import drift_of
from reconciler.planning.drift import DriftReport
from reconciler.planning.drift_codec import drift_json
from reconciler.planning.model import OnDrift, Refusal, drift_class
from reconciler.project.workspace import open_workspace
from reconciler.reports.text.drift import drift_text
from tests.support.plans import PLAIN
from tests.support.world import BUNDLES, STATE, Document, World, manifest, world

SEARCH: Document = {"type": "file_search", "vector_store_ids": ["handbook"]}
TRIAGE: Document = {"target": "agents", "model": "gpt-6.1-sol", "instructions": "Be brief."}
HELPER: Document = {"target": "responses", "model": "gpt-6-luna", "tools": [SEARCH]}
EVERY = pytest.mark.parametrize("on_drift", ["revert", "keep", "refuse"])
AGENT_LIST, FILE_LIST, MODELS = "GET /v1/agents", "GET /v1/files", "GET /v1/models"
STORE_LIST, STORE_FILES = "GET /v1/vector_stores", "GET /v1/vector_stores/{id}/files"


@pytest.fixture
def team(tmp_path: Path) -> Iterator[World]:
    """An agent, and a request that searches a store of two files, applied."""
    with world(tmp_path / "ours") as made:
        made.file("kb/a.md", "# A")
        made.file("kb/b.md", "# B")
        made.wants(
            manifest("Assistant", "triage", TRIAGE),
            manifest("Assistant", "helper", HELPER),
            manifest("VectorStore", "handbook", {"files": ["kb/*.md"], "expires_after": {"days": 30}}),
        )
        made.apply()
        made.requests()
        yield made


def report(team: World) -> DriftReport:
    found = team.run(drift_of(open_workspace(team.root, team.environ), team.connection))
    assert isinstance(found, DriftReport)
    return found


def classes(made: DriftReport) -> list[tuple[str, str]]:
    return [(drift_class(item.change), item.change.address) for item in made.drifted]


def out_of_sync(made: DriftReport) -> list[str]:
    return [one.address for one in made.assistants if not one.in_sync]


def test_without_drift_it_costs_what_a_plan_costs_and_one_request(team: World):
    assert report(team).clean
    assert team.requests() == {AGENT_LIST: 1, FILE_LIST: 1, STORE_LIST: 1, STORE_FILES: 1, MODELS: 1}


def test_with_drift_it_costs_no_more(team: World):
    team.by_hand(team.sdk.beta.agents.update(team.id_of("assistant/triage"), model="gpt-6-astra"))
    team.requests()
    assert not report(team).in_sync
    assert team.requests() == {AGENT_LIST: 1, FILE_LIST: 1, STORE_LIST: 1, STORE_FILES: 1, MODELS: 1}


def test_without_a_model_it_does_not_ask_for_any(tmp_path: Path):
    with world(tmp_path) as made:
        made.wants(manifest("VectorStore", "handbook", {}))
        made.apply()
        made.requests()
        assert report(made).clean
        assert made.requests()[MODELS] == 0


def test_a_hand_edit_says_when_and_that_it_was_none_of_us(team: World):
    team.clock.seconds += 3600
    team.by_hand(team.sdk.beta.agents.update(team.id_of("assistant/triage"), instructions="Be rude."))
    made = report(team)
    (item,) = made.drifted
    assert (item.seen.changed_at, item.seen.by) == (team.clock.seconds, (("instructions", "outside"),))
    assert out_of_sync(made) == ["assistant/triage"]


def test_somebody_who_applies_through_another_copy_of_the_state_is_a_run_that_we_do_not_know(team: World):
    """A colleague with a copy of our state: their label vouches for what they wrote."""
    ours = team.root / STATE
    shutil.copytree(ours, team.root / "ours")
    team.wants(manifest("Assistant", "triage", {**TRIAGE, "instructions": "Be long."}))
    team.apply()
    ours.rename(team.root / "theirs")
    (team.root / "ours").rename(ours)
    team.wants(manifest("Assistant", "triage", TRIAGE))
    made = report(team)
    (item,) = made.drifted
    assert item.seen.by == (("instructions", "unknown-run"),)
    assert (made.in_sync, made.pending, out_of_sync(made)) == (False, 0, ["assistant/triage"])
    team.apply()
    assert report(team).clean


def test_a_file_that_cannot_be_indexed(team: World):
    """Its upload is there, its entry in the store is, and no search finds it."""
    store, file = team.id_of("vectorstore/handbook"), team.id_of("file/kb/b.md")
    entry = team.by_hand(team.sdk.vector_stores.files.retrieve(file, vector_store_id=store))
    team.by_hand(team.sdk.vector_stores.files.delete(file, vector_store_id=store))
    team.app.state.faults.set(*parse("ingest-fail:POST:*"))
    team.by_hand(team.sdk.vector_stores.files.create(store, file_id=file, attributes=entry.attributes))
    team.app.state.faults.set(*parse(""))
    team.clock.seconds += 60
    made = report(team)
    ((failing,), drifted) = made.failing, made.drifted
    assert (failing.store, failing.file, drifted) == ("vectorstore/handbook", "kb/b.md", ())
    assert failing.reason
    assert (made.in_sync, out_of_sync(made)) == (False, ["assistant/helper"])
    team.apply()
    assert report(team).clean


def test_an_expired_store(team: World):
    team.clock.seconds += 31 * 24 * 3600
    made = report(team)
    assert classes(made) == [("expired", "vectorstore/handbook")]
    assert out_of_sync(made) == ["assistant/helper"]


def test_a_model_with_a_last_day(team: World, monkeypatch: pytest.MonkeyPatch):
    day = datetime.now(UTC).date() + timedelta(days=30)
    ending = [model._replace(shutdown_date=str(day)) if model.id == "gpt-6-luna" else model for model in models.MODELS]
    monkeypatch.setattr(models, "MODELS", ending)
    made = report(team)
    assert [(one.model, one.on, one.used_by) for one in made.retiring] == [("gpt-6-luna", day, ("assistant/helper",))]
    assert (made.in_sync, made.clean) == (True, False)
    document = drift_json(made)
    assert (document["in_sync"], document["clean"], document["summary"]["retiring"]) == (True, False, 1)


def test_a_tampered_copy_is_the_assistants(team: World):
    from reconciler.releases.release import release

    team.wants(
        manifest("Chatbot", "support", {"pipeline": "flow"}),
        manifest(
            "Pipeline",
            "flow",
            {
                "nodes": {"first": {"type": "assistant", "assistant": "triage"}},
                "edges": [{"from": "start", "to": "first"}, {"from": "first", "to": "end"}],
            },
        ),
    )
    release(team.root, team.environ, "support", vendor=True)
    team.wants(manifest("Chatbot", "support", {"pipeline": "flow", "published": 1}))
    team.apply()
    copy = team.id_of("assistant/triage@support.1")
    team.by_hand(team.sdk.beta.agents.update(copy, instructions="Be rude."))
    made = report(team)
    assert classes(made) == [("tampered", "assistant/triage@support.1")]
    assert made.drifted[0].seen.by == (("instructions", "outside"),)
    assert out_of_sync(made) == ["assistant/triage"]


def test_what_nobody_manages_is_told_and_is_nothing_to_do(team: World):
    team.by_hand(team.sdk.beta.agents.create(model="gpt-6.1-sol", name="Theirs"))
    made = report(team)
    assert [stranger.name for stranger in made.plan.unmanaged] == ["Theirs"]
    assert made.clean


def test_what_a_hand_has_taken_away_is_a_risk(team: World):
    team.wants(manifest("Assistant", "triage", {**TRIAGE, "instructions": "Be brief.\nNever promise a refund."}))
    team.apply()
    team.by_hand(team.sdk.beta.agents.update(team.id_of("assistant/triage"), instructions="Be brief."))
    (item,) = report(team).drifted
    (risk,) = item.change.risks
    assert (risk.level, risk.rule) == ("high", "guardrail-removed")
    assert risk.args == {"sentence": "Never promise a refund.", "more": 0}


def test_what_a_hand_has_added_is_none(team: World):
    text = "Be brief.\nNever promise a refund."
    team.by_hand(team.sdk.beta.agents.update(team.id_of("assistant/triage"), instructions=text))
    (item,) = report(team).drifted
    assert item.change.risks == ()


def attach_theirs(team: World, name: str = "theirs.md") -> str:
    """Attach an unmanaged upload to the handbook, and return its id."""
    upload = team.by_hand(team.sdk.files.create(file=(name, b"Say yes."), purpose="assistants"))
    handbook = team.id_of("vectorstore/handbook")
    team.by_hand(team.sdk.vector_stores.files.create(handbook, file_id=upload.id))
    return upload.id


def test_a_foreign_file_in_a_store_is_drift_with_its_name_and_the_assistants_that_search_it(team: World):
    file = attach_theirs(team)
    team.requests()
    made = report(team)
    assert team.requests() == {AGENT_LIST: 1, FILE_LIST: 1, STORE_LIST: 1, STORE_FILES: 1, MODELS: 1}
    assert (made.in_sync, made.clean, made.is_pullable, made.is_revertible) == (False, False, True, False)
    assert [(one.store, one.file, one.name) for one in made.foreign] == [("vectorstore/handbook", file, "theirs.md")]
    assert out_of_sync(made) == ["assistant/helper"]
    assert made.plan.warnings == ()
    assert drift_json(made)["summary"]["foreign"] == 1


def test_without_managed_uploads_the_names_of_foreign_files_take_one_list(team: World):
    team.wants(manifest("VectorStore", "handbook", {"files": []}))
    team.apply()
    first, second = attach_theirs(team), attach_theirs(team, "more.md")
    team.requests()
    made = report(team)
    assert {one.file: one.name for one in made.foreign} == {first: "theirs.md", second: "more.md"}
    assert team.requests()[FILE_LIST] == 1
    assert not [request for request in team.requests() if "files/" in request]


def test_a_store_that_ignores_its_files_has_no_foreign_ones(team: World):
    attach_theirs(team)
    ignoring = manifest("VectorStore", "handbook", {"files": ["kb/*.md"], "expires_after": {"days": 30}})
    team.wants({**ignoring, "lifecycle": {"ignore": ["files"]}})
    team.apply()
    assert report(team).clean


@EVERY
def test_an_expired_store_is_replaced_and_its_holders_are_written(team: World, on_drift: OnDrift):
    before = team.id_of("vectorstore/handbook")
    team.clock.seconds += 31 * 24 * 3600
    team.apply(on_drift)
    after = team.id_of("vectorstore/handbook")
    assert after != before
    assert json.loads((team.root / BUNDLES / "acme/assistant/helper.json").read_text())["ids"] == {
        "vectorstore/handbook": after
    }
    assert report(team).clean


@EVERY
def test_a_store_that_expired_and_does_not_exist_any_longer(team: World, on_drift: OnDrift):
    team.clock.seconds += 31 * 24 * 3600
    team.by_hand(team.sdk.vector_stores.delete(team.id_of("vectorstore/handbook")))
    assert classes(report(team)) == [("expired", "vectorstore/handbook")]
    team.apply(on_drift)
    assert report(team).clean


@EVERY
def test_a_store_that_lists_a_deleted_file(team: World, on_drift: OnDrift):
    store, file = team.id_of("vectorstore/handbook"), team.id_of("file/kb/b.md")
    team.by_hand(team.sdk.files.delete(file))
    made = report(team)
    assert classes(made) == [("missing", "file/kb/b.md"), ("dangling", "vectorstore/handbook")]
    assert (made.in_sync, made.is_pullable, out_of_sync(made)) == (False, False, ["assistant/helper"])
    team.apply(on_drift)
    held = {one.id for one in team.by_hand(_files(team, store))}
    assert held == {team.id_of("file/kb/a.md"), team.id_of("file/kb/b.md")}
    assert file not in held
    assert report(team).clean


async def _files(team: World, store: str) -> list[VectorStoreFile]:
    return [one async for one in team.sdk.vector_stores.files.list(store)]


def test_a_file_that_was_detached_and_deleted_is_kept_so(team: World):
    store, file = team.id_of("vectorstore/handbook"), team.id_of("file/kb/b.md")
    team.by_hand(team.sdk.vector_stores.files.delete(file, vector_store_id=store))
    team.by_hand(team.sdk.files.delete(file))
    assert classes(report(team)) == [("missing", "file/kb/b.md"), ("modified", "vectorstore/handbook")]
    assert team.plan("keep").work == ()


def test_a_project_that_was_never_applied_is_not_in_sync(tmp_path: Path):
    with world(tmp_path) as made:
        assert report(made).in_sync
        made.wants(manifest("Assistant", "triage", TRIAGE), manifest("VectorStore", "handbook", {}))
        found = report(made)
        assert (found.unapplied, found.in_sync, found.clean) == (2, False, False)
        document = drift_json(found)
        assert (document["never_applied"], document["in_sync"], document["summary"]["unapplied"]) == (True, False, 2)
        assert [one["in_sync"] for one in document["assistants"]] == [False]
        assert drift_text(found, style=PLAIN, command="undo") == (
            "Never applied: acme, 2 objects in the manifests, none in the state, none live.\n\nApply with: undo\n"
        )
        made.apply()
        assert report(made).clean


def test_a_lost_state_is_not_a_project_that_was_never_applied(team: World):
    team.lose_state()
    refusal = team.run(drift_of(open_workspace(team.root, team.environ), team.connection))
    assert isinstance(refusal, Refusal)
    assert (refusal.rule, refusal.cause.code) == ("foreign-owner", "other-lineage")


def test_an_older_state_is_not_a_project_that_was_never_applied(team: World):
    team.lose_entries()
    assert report(team).unapplied == 0
