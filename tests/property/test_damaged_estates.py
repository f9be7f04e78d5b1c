"""Damage anywhere in an estate is an error with a message: in the project folder, the state, the outlets, and in the
answers of the API and of GitHub.
"""

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx2
import pytest
from ruamel.yaml import YAML

from reconciler.applying.model import ApplyResult
from reconciler.github.client import GitHub
from reconciler.github.issues import close_issue, open_pull, replace_comments, upsert_comment, upsert_issue, upsert_pull
from reconciler.github.plan_artifacts import Reviews
from reconciler.importing.destination import destination
from reconciler.importing.live_inventory import project_context
from reconciler.importing.live_objects import import_objects
from reconciler.importing.requests import import_requests
from reconciler.importing.selection import selection
from reconciler.live.client import Connection
from reconciler.operations.apply import apply_plan
from reconciler.operations.graph import graph
from reconciler.operations.plan import Observed, make_plan
from reconciler.operations.state_rebuild import rebuild_state
from reconciler.operations.validate import validate
from reconciler.planning.codec import to_json
from reconciler.project.workspace import open_workspace
from reconciler.releases.release import release
from reconciler.resources.problems import ReconcilerError
from reconciler.review.saved_plans import read_plan
from tests.support.manifest_mutations import SAMPLE
from tests.support.mutations import mutations, places
from tests.support.odd_answers import odd_connection
from tests.support.world import PROJECT, Quiet, World, as_yaml, is_silent, manifest, world

AGENT: Any = {
    "target": "agents",
    "model": "gpt-6-luna",
    "instructions": "Sort.",
    "metadata": {"tier": "gold"},
    "tools": [
        {"type": "function", "name": "f", "description": "d", "parameters": {"type": "object", "properties": {}}},
        {"type": "web_search"},
    ],
}
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
CONSENT: Any = {
    "identity": "acme",
    "address": "assistant/triage",
    "rule": "referenced",
    "subject": "sha256:" + "0" * 64,
    "reason": "test",
    "expires": str(datetime.now(UTC).date() + timedelta(days=30)),
}
UPLOADED: Any = {"filename": "new.md", "bytes": 5, "sha256": "0" * 64}
CREATED: Any = {"identity": "brightwater", "fields": {"model": "12345678", "reasoning": {"effort": "12345678"}}}
OTHERS: Any = (None, "", "x", 0, {"a": 1}, ["a"], [{}], {"$address": "a"}, {"$address": "file/a.md"})
"""Values that few fields may have."""
AUTHOR = ["-c", "user.name=x", "-c", "user.email=x@example.com"]


@pytest.fixture
def estate(tmp_path) -> Iterator[World]:
    """Return an applied project with a published release, and with changes to plan: an update, creates and deletes."""
    with world(tmp_path / "acme") as made:
        made.file(".gitignore", ".reconciler/\n")
        made.file("kb/a.md", "Bills.")
        made.wants(
            PROJECT,
            manifest("Assistant", "triage", AGENT),
            manifest("Assistant", "helper", HELPER),
            manifest("Assistant", "old", AGENT),
            manifest("VectorStore", "kb", {"files": ["kb/*.md"], "metadata": {"lang": "en"}}),
            manifest("VectorStore", "gone", {"files": ["kb/*.md"]}),
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
        made.drops("Assistant/old", "VectorStore/gone")
        made.file("kb/b.md", "Hours.")
        made.wants(manifest("VectorStore", "new", {"files": ["kb/b.md"]}), manifest("Consent", "one", CONSENT))
        yield made


def read(work: Callable[..., object], *given: Any, **options: Any) -> None:
    """Do `work`, which may fail with a message, and in no other way."""
    with suppress(ReconcilerError):
        work(*given, **options)


def document_of(path: Path) -> Any:
    text = path.read_text()
    return json.loads(text) if path.suffix == ".json" else YAML(typ="safe").load(text)


def files_of(estate: World, kind: str) -> list[Path]:
    """Return the files that are read as this kind of document, with the largest of many."""
    memory = estate.root / ".reconciler"
    found = {
        "project": [estate.root / "project.yaml"],
        "manifest": [estate.root / "one.yaml"],
        "release": [*(estate.root / "releases").rglob("*.yaml")],
        "pointer": [path for path in (memory / "bundles").rglob("*.json") if "blobs" not in path.parts],
        "blob": [path for path in (memory / "bundles").rglob("*.json") if "blobs" in path.parts],
        "state": [path for path in (memory / "state").rglob("*.json") if path.stat().st_size > 20],
    }[kind]
    return sorted(found, key=lambda path: -path.stat().st_size)[:3]


def check_files(estate: World, kind: str, count: int) -> None:
    if kind == "manifest":  # each manifest in a file of its own
        project, *others = estate.documents.values()
        del project
        estate.file("manifests.yaml", as_yaml(others[1:]))
        (estate.root / "one.yaml").write_text(json.dumps({"apiVersion": "reconciler/v1", **others[0]}))
    files = files_of(estate, kind)
    assert files
    for path in files:
        content, document = path.read_bytes(), document_of(path)
        for data in mutations(document, 5, count // len(files)):
            path.write_bytes(data)
            read(validate, estate.root, estate.environ)
            read(estate.plan)
            if kind in ("pointer", "blob"):  # a rebuild reads nothing else of these
                read(lambda: estate.run(rebuild_state(open_workspace(estate.root, estate.environ), estate.connection)))
        path.write_bytes(content)


def check_published(estate: World, count: int) -> None:
    """Damage blobs and the pointers to them so that the digests are right, as somebody who writes to an outlet can."""
    for pointer in files_of(estate, "pointer"):
        original = json.loads(pointer.read_bytes())
        folder = next(parent for parent in pointer.parents if (parent / "blobs").exists()) / "blobs"
        content = json.loads((folder / f"{original['blob'].removeprefix('sha256:')}.json").read_bytes())
        for data in mutations(content, 10, count // 3):
            digest = hashlib.sha256(data).hexdigest()
            (folder / f"{digest}.json").write_bytes(data)
            pointer.write_text(json.dumps({**original, "blob": f"sha256:{digest}"}))
            read(estate.plan)
            read(lambda: estate.run(rebuild_state(open_workspace(estate.root, estate.environ), estate.connection)))
        pointer.write_text(json.dumps({**original, "ids": {**original["ids"], "x": "y", "weird/x": "z", "": "a"}}))
        read(lambda: estate.run(rebuild_state(open_workspace(estate.root, estate.environ), estate.connection)))
        pointer.write_text(json.dumps(original))


def test_damaged_bundle_with_the_right_digest_is_reported(estate):
    check_published(estate, 45)


def test_bundle_with_the_right_digest_and_a_reference_that_is_no_address_is_read(estate):
    for pointer in files_of(estate, "pointer"):
        original = json.loads(pointer.read_bytes())
        folder = next(parent for parent in pointer.parents if (parent / "blobs").exists()) / "blobs"
        blob = (folder / f"{original['blob'].removeprefix('sha256:')}.json").read_bytes()
        data = re.sub(rb'(\{"\$address": ?")[a-z]+/', rb"\1", blob)
        digest = hashlib.sha256(data).hexdigest()
        (folder / f"{digest}.json").write_bytes(data)
        pointer.write_text(json.dumps({**original, "blob": f"sha256:{digest}"}))
        assert estate.plan() is not None
        pointer.write_text(json.dumps(original))


@pytest.mark.long
def test_many_damaged_bundles_with_the_right_digest_are_reported(estate):
    check_published(estate, 900)


@pytest.mark.parametrize("key", ["x", "weird/x", "assistant/", "assistant/A b", "assistant/a@b.1", "", "release/x@1"])
def test_release_with_an_odd_address_reports_a_problem(estate, key):
    (path,) = files_of(estate, "release")
    document = document_of(path)
    objects = document["spec"]["content"]["objects"]
    objects[key] = objects.pop("assistant/triage")
    path.write_text(json.dumps(document))
    with pytest.raises(ReconcilerError):
        estate.plan()


def test_release_with_the_key_of_references_reports_a_problem(estate):
    (path,) = files_of(estate, "release")
    document = document_of(path)
    document["spec"]["content"]["objects"]["assistant/triage"]["metadata"] = {"$address": "gold"}
    path.write_text(json.dumps(document))
    with pytest.raises(ReconcilerError, match="reserved"):
        estate.plan()


@pytest.mark.parametrize("table", ["ids", "holds"])
@pytest.mark.parametrize("name", ["x", ""])
def test_pointer_with_a_name_that_is_no_address_is_published_again(estate, table, name):
    for pointer in files_of(estate, "pointer"):
        original = json.loads(pointer.read_bytes())
        pointer.write_text(json.dumps({**original, table: {**original.get(table, {}), name: "agent_1"}}))
        reasons = [reason.code for change in estate.plan().work for reason in change.reasons]
        assert reasons.count("outlet-unreadable") == 1
        assert graph(estate.root, estate.environ, env=None, endpoint=None, address=None, offline=True).nodes
        pointer.write_text(json.dumps(original))


def test_pointer_with_half_a_character_in_a_key_is_read(estate):
    for pointer in files_of(estate, "pointer"):
        original = json.loads(pointer.read_bytes())
        pointer.write_text(json.dumps({**original, "\ud800": 1, "ids": {**original["ids"], "\ud800/x": "a"}}))
    read(estate.plan)


FILES = ("project", "manifest", "release", "pointer", "blob", "state")


@pytest.mark.parametrize("kind", FILES)
def test_plan_with_a_damaged_file_reports_a_problem(estate, kind):
    check_files(estate, kind, 24)


@pytest.mark.long
@pytest.mark.parametrize("kind", FILES)
def test_plan_with_many_damaged_files_reports_a_problem(estate, kind):
    check_files(estate, kind, 600)


@pytest.fixture
def organisation(tmp_path) -> Iterator[World]:
    """Return the sample organisation, which has all kinds, applied and unchanged."""
    with world(tmp_path / "acme") as made:
        shutil.copytree(SAMPLE, made.root, dirs_exist_ok=True)
        (made.root / "manifests.yaml").unlink()
        project = document_of(made.root / "project.yaml")
        variables = project["spec"].pop("environments")["staging"]["variables"]
        project["spec"]["variables"] = variables
        made.file("project.yaml", json.dumps(project))
        made.environ = {**made.environ, "INCIDENTS_TOKEN": "a-token-of-a-test"}
        made.apply()
        assert is_silent(made.plan())
        yield made


def check_entries(estate: World, seed: int, count: int) -> None:
    """Replace one value in an entry of the state, or in a marker, by a value of another form."""
    (path,) = files_of(estate, "state")[:1]
    document = json.loads(path.read_bytes())
    document["pending"] = [
        {"address": "file/kb/new.md", "marker": UPLOADED, "started": 1.0, "type": "file"},
        {"address": "assistant/new", "marker": CREATED, "started": 1.0, "type": "agent"},
        {"address": "vectorstore/outages", "marker": {"parts": ["a"]}, "started": 1.0, "type": "vector_store"},
    ]
    types = {entry["type"]: entry for _, entry in sorted(document["objects"].items())}
    content, random = path.read_bytes(), Random(seed)
    for _ in range(count):
        entry = random.choice([*types.values(), *document["pending"]])
        container, key = random.choice(list(places(entry)))
        value = container[key]
        container[key] = random.choice(OTHERS)
        path.write_text(json.dumps(document))
        read(estate.plan)
        container[key] = value
    path.write_bytes(content)


def test_state_with_a_value_of_another_form_reports_a_problem(organisation):
    check_entries(organisation, 1, 20)


@pytest.mark.long
def test_state_with_each_of_many_values_of_another_form_reports_a_problem(organisation):
    check_entries(organisation, 2, 500)


@pytest.mark.parametrize(
    "name", ["Consent/one", "Chatbot/support", "Pipeline/flow", "VectorStore/kb", "Assistant/helper"]
)
def test_damaged_manifest_of_each_kind_reports_a_problem(estate, name):
    document = estate.documents.pop(name)
    estate.wants()
    path = estate.root / "one.yaml"
    for data in mutations({"apiVersion": "reconciler/v1", **document}, 6, 20):
        path.write_bytes(data)
        read(validate, estate.root, estate.environ)
        read(estate.plan)


def commands(estate: World, folder: Path) -> dict[str, Callable[[Connection], Any]]:
    """Return the commands that read everything from the API."""

    async def plan(connection: Connection) -> Observed:
        return await make_plan(open_workspace(estate.root, estate.environ), connection)

    async def rebuild(connection: Connection) -> object:
        return await rebuild_state(open_workspace(estate.root, estate.environ), connection)

    async def importing(connection: Connection) -> object:
        here = project_context(estate.root, estate.environ, env=None, endpoint=None)
        into = destination(estate.root, folder, here)
        return await import_objects(here, connection, into, selection((), None), lambda _text: None)

    async def apply(connection: Connection) -> ApplyResult:
        workspace = open_workspace(estate.root, estate.environ)
        observed = await make_plan(workspace, estate.connection)
        done = await apply_plan(workspace, connection, observed, Quiet(), resume="reconciler apply")
        assert not [one for one in done.outcomes if one.problem and one.problem.code == "internal"]
        return done

    return {"plan": plan, "rebuild": rebuild, "import": importing, "apply": apply}


def answered(estate: World, work: Callable[[Connection], Any], connection: Connection) -> None:
    estate.run(work(connection))


def check_answers(estate: World, command: str, seeds: range, share: float) -> None:
    for seed in seeds:
        work = commands(estate, estate.root.parent / f"imported-{seed}")[command]
        stack = AsyncExitStack()
        connection = odd_connection(estate, stack, seed, share)
        read(answered, estate, work, connection)
        estate.run(stack.aclose())


@pytest.mark.parametrize("command", ["plan", "rebuild", "import", "apply"])
def test_odd_answers_of_the_server_are_reported(estate, command):
    check_answers(estate, command, range(12), 0.3)


@pytest.mark.long
@pytest.mark.parametrize("command", ["plan", "rebuild", "import", "apply"])
def test_many_odd_answers_of_the_server_are_reported(estate, command):
    check_answers(estate, command, range(100, 400), 0.15)


def check_plans(estate: World, count: int) -> None:
    document = json.loads(json.dumps(to_json(estate.plan())))
    file = estate.root / "plan.json"
    for data in mutations(document, 7, count):
        file.write_bytes(data)
        read(read_plan, file)


def test_damaged_saved_plan_is_refused(estate):
    check_plans(estate, 60)


@pytest.mark.long
def test_many_damaged_saved_plans_are_refused(estate):
    check_plans(estate, 1_500)


BODY: Any = {
    "model": "gpt-6-luna",
    "instructions": "Help.",
    "input": [{"role": "developer", "content": "x"}],
    "tools": [
        {"type": "function", "name": "f", "parameters": {"type": "object"}},
        {"type": "mcp", "server_label": "a"},
    ],
    "text": {"format": {"type": "text"}},
    "metadata": {"a": "b"},
    "temperature": 0.5,
}


def check_requests(folder: Path, count: int) -> None:
    for index, data in enumerate(mutations(BODY, 8, count)):
        file = folder / f"request-{index}.json"
        file.write_bytes(data)
        read(import_requests, folder, {}, files=[file], into=folder / file.stem)


def test_damaged_request_bodies_are_reported(tmp_path):
    check_requests(tmp_path, 60)


@pytest.mark.long
def test_many_damaged_request_bodies_are_reported(tmp_path):
    check_requests(tmp_path, 800)


PULL = {
    "number": 7,
    "state": "closed",
    "merged_at": "2026-01-02T00:00:00Z",
    "updated_at": "2999-01-02T00:00:00Z",
    "merge_commit_sha": "c",
    "head": {"sha": "h", "ref": "b", "repo": {"full_name": "acme/bots"}},
    "base": {"sha": "a", "ref": "main"},
    "html_url": "https://github.com/acme/bots/pull/7",
}
RUN = {
    "id": 1,
    "event": "push",
    "head_sha": "a",
    "head_repository": {"full_name": "acme/bots"},
    "conclusion": "success",
    "status": "completed",
    "run_number": 1,
    "created_at": "2999-01-03T00:00:00Z",
}
COMMENT = {
    "id": 5,
    "number": 5,
    "title": "t",
    "body": "<!-- reconciler:plan acme -->\nx",
    "user": {"login": "github-actions[bot]"},
    "html_url": "u",
}
ANSWERS: dict[str, Any] = {
    "/pulls": [PULL],
    "/pulls/7/files": [{"filename": "a.yaml", "status": "modified"}],
    "/runs": {"workflow_runs": [RUN]},
    "/compare": {
        "base_commit": {"commit": {"committer": {"date": "2026-01-01T00:00:00Z"}}},
        "merge_base_commit": {"sha": "m"},
        "commits": [{"sha": "c"}],
    },
    "/git/trees": {"tree": [{"path": ".github", "sha": "t"}]},
    "/events": [{"event": "base_ref_changed", "created_at": "2026-01-01T00:00:00Z"}],
    "/artifacts": {"artifacts": [{"id": 9, "name": "plan-0123456789ab-1", "expired": False, "size_in_bytes": 10}]},
    "/jobs": {"jobs": [{"name": "plan: acme", "conclusion": "success", "run_attempt": 1}]},
    "/comments": [COMMENT],
    "/issues": [COMMENT],
}
"""Answers of GitHub by part of the path, the last that fits first."""
BODY_OF_COMMENT = "<!-- reconciler:plan acme -->\ny"


def check_github(count: int) -> None:
    for part, answer in ANSWERS.items():
        for data in mutations(answer, 9, count):

            def reply(request: httpx2.Request, part: str = part, data: bytes = data) -> httpx2.Response:
                found = next((name for name in reversed(ANSWERS) if name in request.url.path), "")
                content = data if found == part else json.dumps(ANSWERS.get(found, PULL)).encode()
                return httpx2.Response(200, content=content)

            client = httpx2.Client(transport=httpx2.MockTransport(reply), base_url="https://api.github.com")
            github = GitHub(client, "acme/bots", sleep=lambda _seconds: None)
            reviews = Reviews(github, "plan.yml", "apply.yml", "main", "c")
            read(list, reviews.since_last_apply())
            read(upsert_comment, github, 7, BODY_OF_COMMENT)
            read(replace_comments, github, 7, "x", (), lambda mark: f"{mark}\nnew")
            read(upsert_issue, github, "t", BODY_OF_COMMENT)
            read(close_issue, github, BODY_OF_COMMENT)
            read(open_pull, github, "b")
            read(upsert_pull, github, "b", "main", "t", "x")


def test_damaged_answers_of_github_are_reported():
    check_github(6)


@pytest.mark.long
def test_many_damaged_answers_of_github_are_reported():
    check_github(100)
