"""Tests of references from peers, which are read from their states."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reconciler.operations.peers import ALLOWED, PeerReferences, Peers
from reconciler.project.workspace import open_workspace
from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.values import reference
from reconciler.state.backend import Backend
from reconciler.state.local import LocalStore
from reconciler.state.lock import Holder
from reconciler.state.model import Completed, Snapshot, State

IDS = {"agent": {"agent_1"}, "vector_store": {"vs_1"}, "file": {"file-1"}}
SEARCH = {"tools": [{"type": "file_search", "vector_store_ids": ["vs_9", "vs_1"]}]}
FILE = Applied("file-1", "file", {"sha256": "0" * 64})
BUCKET = "s3://globex-bots/?endpoint_url=http%3A%2F%2F127.0.0.1%3A9"
ELSEWHERE = {"backend": "s3", "bucket": "globex-bots", "endpoint_url": "http://127.0.0.1:9"}


@dataclass(frozen=True)
class Folder:
    """A project with peers, and the store with its state and theirs."""

    root: Path

    def project(self, peers: Iterable[Any], **spec: Any) -> None:
        document = {"apiVersion": "reconciler/v1", "kind": "Project", "metadata": {"name": "acme"}}
        (self.root / "project.yaml").write_text(json.dumps({**document, "spec": {"peers": list(peers), **spec}}))

    def applied(self, identity: str, **objects: Applied) -> None:
        """Write the state of another identity, by address."""
        backend = Backend(LocalStore(self.root / ".reconciler"), Identity.parse(identity))
        with backend.lock(Holder("kim", "laptop", "boot", 1)) as lease:
            journal = backend.begin(Snapshot(State(backend.identity)), [], lease)
            for address, entry in objects.items():
                journal.record(Completed(Address.parse(address), entry))
            journal.close("complete")

    def needing(self, ids: Any = IDS, **environ: str) -> PeerReferences:
        return asyncio.run(Peers(open_workspace(self.root, environ)).needing(ids))

    def named(self, **environ: str) -> list[tuple[str, tuple[str, ...]]]:
        """Return the objects of peers that refer to our ids, each with these ids."""
        return [(one.id, one.refers_to) for group in self.needing(**environ).objects.values() for one in group]

    def problem(self, **environ: str) -> Problem:
        with pytest.raises(ReconcilerError) as error:
            self.needing(**environ)
        return error.value.problems[0]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path)
    made.project(["globex/live"])
    return made


def document(type_: str, **fields: Any) -> Applied:
    return Applied("", type_, fields)


def test_other_identities_in_the_same_backend_count_in_a_plan(folder: Folder):
    folder.applied("globex/live", **{"assistant/peer": document("request", **SEARCH)})
    folder.applied("una", **{"assistant/own": document("request", **SEARCH)})
    folder.applied("una/test", **{"assistant/other": document("request", model="gpt-6-luna")})
    folder.applied("acme", **{"assistant/ours": document("request", **SEARCH)})
    found = asyncio.run(Peers(open_workspace(folder.root, {})).for_plan(IDS)).objects
    assert {str(identity): [one.name for one in group] for identity, group in found.items()} == {
        "globex/live": ["assistant/peer"],
        "una": ["assistant/own"],
    }


class TestWhatIsAReference:
    @pytest.mark.parametrize(
        ("entry", "ids"),
        [
            (document("request", **SEARCH), ("vs_1",)),
            (document("request", extra={"anything": {"nested": ["agent_1", "file-1"]}}), ("agent_1", "file-1")),
            (document("pipeline", nodes={"first": {"type": "assistant", "assistant": "agent_1"}}), ("agent_1",)),
            (document("chatbot", assistant="agent_1"), ("agent_1",)),
            (document("release", assistant="agent_1"), ("agent_1",)),
        ],
    )
    def test_a_literal_id_at_any_position_is_a_reference(self, folder, entry, ids):
        folder.applied("globex/live", **{"assistant/triage": entry})
        assert folder.named() == [("globex/live: assistant/triage", ids)]

    def test_an_address_of_the_peer_is_a_reference(self, folder):
        entry = document("request", container={"file_ids": [reference("file/a.md")]})
        folder.applied("globex/live", **{"assistant/triage": entry, "file/a.md": FILE})
        assert folder.named() == [("globex/live: assistant/triage", ("file-1",))]

    def test_an_id_inside_text_is_not_a_reference(self, folder):
        folder.applied("globex/live", **{"assistant/triage": document("request", instructions="Never search vs_1.")})
        assert folder.named() == []

    def test_live_objects_of_the_peer_are_not_read_from_its_state(self, folder):
        """The state of the peer may be older than its live objects."""
        folder.applied("globex/live", **{"assistant/triage": Applied("agent_9", "agent", {"tools": ["vs_1"]})})
        assert folder.named() == []


class TestWhichStates:
    def test_each_peer_is_read(self, folder):
        folder.project(["globex/live", "lab"])
        for identity in ("globex/live", "lab", "other"):
            folder.applied(identity, **{"assistant/triage": document("request", **SEARCH)})
        assert [name for name, _ in folder.named()] == ["globex/live: assistant/triage", "lab: assistant/triage"]

    def test_other_environments_of_the_project_are_read(self, folder):
        folder.project(["acme/staging", "acme/live"], environments={"staging": {}, "live": {}})
        for identity in ("acme/staging", "acme/live"):
            folder.applied(identity, **{"assistant/triage": document("request", **SEARCH)})
        assert folder.named(RECONCILER_ENV="live") == [("acme/staging: assistant/triage", ("vs_1",))]

    def test_no_state_is_read_without_deletions(self, folder):
        folder.project([{"identity": "globex", "state": ELSEWHERE}])
        assert folder.needing({}) == PeerReferences()

    def test_a_missing_state_is_a_warning(self, folder):
        (warning,) = folder.needing().warnings
        assert (warning.code, warning.args["identity"]) == ("peer-without-state", "globex/live")
        folder.applied("globex/live")
        assert folder.needing().warnings == ()

    def test_an_unreadable_state_is_an_error_and_named_in_a_plan(self, folder):
        state = folder.root / ".reconciler/state/globex/live/state.json"
        state.parent.mkdir(parents=True)
        state.write_text("{")
        problem = folder.problem()
        assert (problem.code, str(problem.place)) == ("peer-unreadable", "project.yaml:1:101")
        assert problem.message.startswith(
            "cannot check whether globex/live references the objects to delete: not valid JSON"
        )
        peers = Peers(open_workspace(folder.root, {}))
        (unlisted,) = asyncio.run(peers.for_plan(IDS)).unreadable
        assert (unlisted.request, unlisted.message) == ("the state of globex/live", problem.message)
        assert IDS.keys() <= unlisted.refers


class TestInCI:
    """A file that a pull request can edit does not select the host that receives the credentials of the job."""

    @pytest.fixture
    def elsewhere(self, folder):
        folder.project([{"identity": "globex", "state": ELSEWHERE}])
        return folder

    def test_a_state_that_the_workflow_does_not_allow_is_refused(self, elsewhere):
        problem = elsewhere.problem(RECONCILER_STATE="local")
        assert (problem.code, BUCKET in problem.message, ALLOWED in problem.hint) == ("peer-not-allowed", True, True)

    @pytest.mark.parametrize("allowed", [BUCKET, f"s3://other/ {BUCKET}"])
    def test_a_state_that_the_workflow_allows_is_read(self, elsewhere, allowed, monkeypatch):
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "x")
        assert elsewhere.problem(RECONCILER_STATE="local", **{ALLOWED: allowed}).code == "peer-unreadable"

    def test_the_state_of_the_workflow_is_read(self, folder):
        folder.project([{"identity": "globex", "state": {"backend": "local"}}], state=ELSEWHERE)
        folder.applied("globex", **{"assistant/triage": document("request", **SEARCH)})
        assert folder.named(RECONCILER_STATE="local") == [("globex: assistant/triage", ("vs_1",))]
