"""Two projects of one repository, with their states on one branch and one OpenAI project between them.

`desk` has a store, and `lab` an assistant that searches it by its id. Nothing at OpenAI tells so: the assistant is a
request, which applications of `lab` send.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.planning.model import Refusal
from reconciler.planning.reasons import Notice
from reconciler.planning.referrers import PeerObject, Referrer
from tests.e2e.interleaved import apply_after
from tests.support.state_repositories import ENVIRON, Remote, git
from tests.support.world import Document, World, manifest, problem_of, told, world

STORE = manifest("VectorStore", "kb", {"name": "handbook"})
DELETE_STORE = "DELETE /v1/vector_stores/{id}"


def project(name: str, **spec: Any) -> Document:
    return {"kind": "Project", "metadata": {"name": name}, "spec": {"defaults": {"target": "responses"}, **spec}}


@pytest.fixture
def desk(tmp_path) -> Iterator[World]:
    clone = Remote.make(tmp_path / "remote.git").clone(tmp_path / "clone")
    with world(clone / "desk") as made:
        made.environ = {**ENVIRON, "RECONCILER_ENDPOINT": "embedded", "RECONCILER_STATE": "git"}
        made.documents.clear()
        made.wants(project("desk", peers=["lab"]), STORE, manifest("Assistant", "clerk", {"model": "gpt-6-luna"}))
        made.apply()
        yield made


@pytest.fixture
def lab(desk: World) -> World:
    """Another folder, and somebody else."""
    made = replace(desk, root=desk.root.parent / "lab", documents={})
    made.wants(project("lab"), searching(desk.id_of("vectorstore/kb")))
    return made


def searching(store: str) -> Document:
    tools = [{"type": "file_search", "vector_store_ids": [store]}]
    return manifest("Assistant", "triage", {"model": "gpt-6-luna", "tools": tools})


def done(desk: World) -> list[str]:
    return [f"{outcome.action} {outcome.address}" for outcome in desk.apply().outcomes]


def refused(desk: World) -> Refusal:
    (refusal,) = desk.plan().refusals
    return refusal


def test_what_a_peer_searches_is_not_deleted_until_it_searches_something_else(desk, lab):
    lab.apply()
    desk.drops("VectorStore/kb")
    found = refused(desk)
    assert (found.rule, found.address) == ("referenced", "vectorstore/kb")
    lab_triage = Referrer(PeerObject("lab", "assistant/triage"), place="state")
    assert found.sections["Other references"] == (lab_triage,)
    lab.wants(manifest("Assistant", "triage", {"model": "gpt-6-luna"}))
    lab.apply()
    assert done(desk) == ["delete vectorstore/kb"]


def test_a_removed_peer_counts_after_its_removal_while_its_state_is_in_the_same_backend(desk, lab):
    lab.apply()
    desk.wants(project("desk"))
    desk.drops("VectorStore/kb")
    (rule,) = [(found.rule, found.address) for found in desk.plan().refusals]
    assert rule == ("referenced", "vectorstore/kb")
    desk.wants(STORE)
    assert done(desk) == ["update project/desk"]
    desk.drops("VectorStore/kb")
    assert [(found.rule, found.address) for found in desk.plan().refusals] == [rule]
    lab.wants(manifest("Assistant", "triage", {"model": "gpt-6-luna"}))
    lab.apply()
    assert done(desk) == ["delete vectorstore/kb"]


def test_a_peer_whose_state_is_named_elsewhere_is_still_looked_for_where_it_was(desk, lab):
    lab.apply()
    desk.environ = {**desk.environ, "RECONCILER_PEER_STATES": "git:empty?remote=origin"}
    desk.wants(project("desk", peers=[{"identity": "lab", "state": {"backend": "git", "branch": "empty"}}]))
    desk.drops("VectorStore/kb")
    assert "referenced" in [found.rule for found in desk.plan().refusals]


def test_what_another_project_says_in_manifests_only_does_not_count(desk, lab):
    """As what is not applied is not used."""
    desk.drops("VectorStore/kb")
    plan = desk.plan()
    assert (told(plan.changes), plan.refusals) == (["delete vectorstore/kb"], ())
    (warning,) = plan.warnings
    assert warning == Notice("peer-without-state", {"identity": "lab", "location": "origin/reconciler-state"})


def test_a_reference_between_plan_and_delete_is_seen(desk, lab):
    desk.drops("VectorStore/kb")
    (outcome,) = apply_after(desk, lambda _: lab.apply()).outcomes
    assert (outcome.status, problem_of(outcome).code) == ("failed", "stale")
    assert "request assistant/triage (lab: assistant/triage) started referencing vs_" in problem_of(outcome).message
    assert desk.requests()[DELETE_STORE] == 0


def broken(desk: World) -> None:
    """Push a state of the peer that is not valid."""
    git(desk.root.parent, "fetch", "--quiet", "origin", "reconciler-state")
    git(desk.root.parent, "checkout", "--quiet", "FETCH_HEAD")
    state = desk.root.parent / "state/lab/state.json"
    state.parent.mkdir(parents=True, exist_ok=True)
    state.write_text("{")
    git(desk.root.parent, "add", "state")
    git(desk.root.parent, "commit", "--quiet", "-m", "a hand slips")
    git(desk.root.parent, "push", "--quiet", "origin", "HEAD:reconciler-state")


def test_a_peer_that_cannot_be_read_any_more_stops_the_delete(desk, lab):
    desk.drops("VectorStore/kb")
    (outcome,) = apply_after(desk, broken).outcomes
    assert (outcome.status, problem_of(outcome).code) == ("failed", "peer-unreadable")
    assert desk.requests()[DELETE_STORE] == 0


def test_a_peer_that_cannot_be_read_refuses_deletes_only(desk, lab):
    lab.apply()
    broken(desk)
    desk.wants(manifest("VectorStore", "spare", {"name": "spare"}))
    desk.drops("VectorStore/kb")
    plan = desk.plan()
    assert told(plan.changes) == ["create vectorstore/spare: name", "delete vectorstore/kb"]
    (found,) = plan.refusals
    assert (found.rule, found.address) == ("unlisted", "vectorstore/kb")
    assert found.cause.args["requests"] == ["the state of lab"]


def test_a_person_may_consent(desk, lab):
    lab.apply()
    desk.drops("VectorStore/kb")
    day = datetime.now(UTC).date() + timedelta(days=7)
    document = refused(desk).consent or ""
    filled = document.replace('reason: ""', "reason: the lab is closed").replace('expires: ""', f'expires: "{day}"')
    desk.file("consents.yaml", filled)
    assert done(desk) == ["delete vectorstore/kb"]


def test_a_plan_that_deletes_nothing_reads_no_peer(desk, lab):
    desk.wants(project("desk", peers=[{"identity": "lab", "state": {"backend": "s3", "bucket": "unreachable"}}]))
    desk.wants(manifest("VectorStore", "kb", {"name": "manual"}))
    assert told(desk.plan().changes) == ["update vectorstore/kb: name", "update project/desk: peers.lab"]
