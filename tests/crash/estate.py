"""A project whose next apply makes every type of change to every kind, and its result without ids."""

import json
import re
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from reconciler.project.workspace import open_workspace
from reconciler.releases.archive import archive
from reconciler.releases.release import release
from reconciler.resources.address import Address
from reconciler.state.backend import open_store
from reconciler.state.codec import encode_state
from reconciler.state.local import FOLDER, LocalStore
from reconciler.state.model import Snapshot, State
from reconciler.state.store import Put, write_all
from tests.crash import around_agents
from tests.support.credentials import SECRETS
from tests.support.world import Document, World, manifest, world

DATA: Final = "api.sqlite"
OUTLET: Final = "published"
KEYLESS: Final = {"OPENAI_API_KEY": "sk-test", **SECRETS}
PROJECT: Document = {
    "kind": "Project",
    "metadata": {"name": "acme"},
    "spec": {"outlets": [{"directory": OUTLET}], "safety": {"max_deletes": 30, "max_archives": 30}},
}
UNLABELLED: Final = ("agent.environment.template", "skill", "skill.version")
"""Kinds of objects of the API without metadata and bytes."""
USING: Final = ("agent", "agent.automation", "agent.environment.template")
REFERENCE: Final = r"(agent_|cred_|envtmpl_|file-|skill_|vault_)\w{16,}"
"""Ids of objects that others use."""
SEARCH = {"type": "file_search", "vector_store_ids": ["kb"]}


def agent(name: str, instructions: str) -> Document:
    return manifest("Assistant", name, {"target": "agents", "model": "gpt-6-luna", "instructions": instructions})


def assistant(name: str, instructions: str, files: Iterable[str] = (), stores: Iterable[str] = ()) -> Document:
    """An assistant at a server, with files and a store."""
    held: Document = {"code_interpreter": {"file_ids": list(files)}, "file_search": {"vector_store_ids": list(stores)}}
    spec = {"target": "assistants", "model": "gpt-4o", "instructions": instructions, "tool_resources": held}
    return manifest("Assistant", name, {**spec, "tools": [{"type": name} for name in held]})


def request(name: str, instructions: str, **more: Any) -> Document:
    spec = {"target": "responses", "model": "gpt-6-luna", "instructions": instructions, **more}
    return manifest("Assistant", name, spec)


def store(name: str, files: str, lang: str = "en") -> Document:
    return manifest("VectorStore", name, {"files": [files], "attributes": {"lang": lang}, "metadata": {"lang": lang}})


def pipeline(*assistants: str) -> Document:
    nodes = {name: {"type": "assistant", "assistant": name} for name in assistants}
    path = ["start", *assistants, "end"]
    edges = [{"from": here, "to": there} for here, there in pairwise(path)]
    return manifest("Pipeline", "flow", {"nodes": nodes, "edges": edges})


def make(root: Path) -> None:
    """Create the project in `root`, apply it, and edit it. The objects of the API are in `DATA`."""
    with world(root, data=root / DATA, now=time.time, assistants=True) as made:
        made.environ = {**made.environ, **SECRETS}
        _git(root, "init", "--quiet")
        made.file(".gitignore", f".reconciler/\n{DATA}*\n{OUTLET}/\n")
        _first(made)
        around_agents.first(made)
        made.apply()
        _release(made, 1)
        made.apply()
        _second(made)
        around_agents.second(made)
        _release(made, 2)
        archive(root, {}, Address.parse("release/support@1"))


def make_unpublished(root: Path) -> set[str]:
    """Create and apply the project with a release, unpublish it in the manifest, and add objects of others. Return the
    ids of these.
    """
    with world(root, data=root / DATA, now=time.time, assistants=True) as made:
        made.environ = {**made.environ, **SECRETS}
        _git(root, "init", "--quiet")
        made.file(".gitignore", f".reconciler/\n{DATA}*\n{OUTLET}/\n")
        _first(made)
        around_agents.first(made)
        made.apply()
        _release(made, 1)
        made.apply()
        made.wants(manifest("Chatbot", "support", {"pipeline": "flow"}))
        return made.by_hand(_others(made))


async def _others(made: World) -> set[str]:
    """Create objects of another project and of nobody."""
    sdk = made.sdk
    foreign = {"reconciler-project": "globex", "reconciler-address": "assistant/triage"}
    agents = [
        await sdk.beta.agents.create(name="foreign", model="gpt-6-luna", metadata=foreign),
        await sdk.beta.agents.create(name="triage", model="gpt-6-luna"),
    ]
    upload = await sdk.files.create(file=("a.md", b"Bills."), purpose="user_data")
    return {*(one.id for one in agents), upload.id}


def _first(made: World) -> None:
    for name, text in {"kb/a": "Bills.", "kb/b": "Sundays.", "old/x": "Old.", "old/y": "Older."}.items():
        made.file(f"{name}.md", text)
    made.file("data/rates.csv", "plan,price\nbasic,5\n")
    made.wants(
        PROJECT,
        *(agent("triage", "Sort."), agent("clerk", "File."), agent("goes", "Leave."), agent("steady", "Stay.")),
        *(request("helper", "Help.", tools=[SEARCH]), request("leaves", "Leave.")),
        *(
            assistant("desk", "Greet.", ["data/rates.csv"], ["kb"]),
            assistant("closes", "Close."),
            agent("turns", "Go."),
        ),
        *(store("kb", "kb/*.md"), store("old", "old/*.md")),
        pipeline("triage", "helper", "desk"),
        manifest("Chatbot", "support", {"pipeline": "flow"}),
        manifest("Chatbot", "gone", {"assistant": "leaves"}),
    )


def _second(made: World) -> None:
    made.file("kb/a.md", "Bills come monthly.")
    made.file("data/rates.csv", "plan,price\nbasic,6\n")
    (made.root / "kb/b.md").unlink()
    made.file("data/new.csv", "new\n")
    for number in range(3):
        made.file(f"kb/new-{number}.md", f"New page {number}.")
        # These differ by content only, which the API does not return.
        made.file(f"more/{number}/page.md", f"Page {number}.")
    made.drops("Assistant/closes", "Assistant/goes", "Assistant/leaves", "Chatbot/gone", "VectorStore/old")
    made.wants(
        *(agent("triage", "Sort again."), agent("clerk", "File twice.")),
        *(agent(f"new-{number}", f"Number {number}.") for number in range(6)),
        *(request("helper", "Help more.", tools=[SEARCH]), request("fresh", "Begin.")),
        *(
            assistant("desk", "Greet twice.", ["data/rates.csv"], ["kb"]),
            assistant("turns", "Go on.", ["data/new.csv"]),
        ),
        *(assistant(f"opens-{number}", "Open.", ["data/new.csv"], ["more"]) for number in range(2)),
        *(store("kb", "kb/*.md", lang="de"), store("more", "more/**/*.md")),
        pipeline("triage", "clerk", "helper", "desk"),
    )


def _release(made: World, number: int) -> None:
    _git(made.root, "add", "--all")
    _git(made.root, "-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "--quiet", "-m", "work")
    release(made.root, made.environ, "support")
    made.wants(manifest("Chatbot", "support", {"pipeline": "flow", "published": number}))


def move_state(root: Path, environ: Mapping[str, str]) -> None:
    """Move the documents of the local state, including bundles, to the backend in `environ`."""
    local = LocalStore(root / FOLDER)
    shared = open_store(root, environ["RECONCILER_STATE"], environ, embedded=False)
    documents = [(key, document.data) for key in local.list("") if (document := local.read(key))]
    write_all(shared, [Put(key, data) for key, data in documents], "move the state")
    shutil.rmtree(root / FOLDER)


def _git(root: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True)


def found(root: Path, environ: Mapping[str, str], data: Path | None = None, outlets: int = 2) -> dict[str, list[str]]:
    """Return all objects of the API, the first of `outlets` and the state, with names in place of ids and the
    lineage, and without the digests of verified objects, which only save work: one that was found again has none.
    """
    objects, contents = _api(data or root / DATA)
    names = _names(objects, contents)
    workspace = open_workspace(root, environ)
    snapshot = workspace.backend.read()
    names |= {snapshot.state.lineage: "<lineage>"} if snapshot.state.lineage else {}
    objects_known = {address: replace(one, verified=None) for address, one in snapshot.state.objects.items()}
    known = State(snapshot.state.identity, None, objects_known, {}, snapshot.state.tombstones)
    documents = [
        f"{number} {key} {(outlet.read(key) or b'').decode()}"
        for number, outlet in enumerate([*workspace.reachable(()).outlets.values()][:outlets])
        for key in outlet.list("")
    ]
    return {
        "api": sorted(_named(f"{kind} in {scope}: {_timeless(body)}", names) for kind, scope, body in objects),
        "outlets": sorted(_named(document, names) for document in documents),
        "state": _named(encode_state(Snapshot(known, snapshot.pending)).decode(), names).splitlines(),
    }


Row = tuple[str, str, Document]


def _api(data: Path) -> tuple[list[Row], dict[str, bytes]]:
    """Return every object except batches, and the bytes of uploads."""
    database = sqlite3.connect(data)
    try:
        rows = database.execute("SELECT kind, scope, body FROM objects").fetchall()
        contents = dict(database.execute("SELECT id, content FROM contents").fetchall())
    finally:
        database.close()
    return [(kind, scope, json.loads(body)) for kind, scope, body in rows if "batch" not in kind], contents


def dangling(data: Path) -> set[tuple[str, str]]:
    """Return the ids in agents, templates and automations of objects that do not exist, with the name of the object."""
    rows, live = _api(data)[0], live_ids(data)
    using = [body for kind, _, body in rows if kind in USING]
    return {
        (body.get("given", body)["name"], text)
        for body in using
        for text in _texts(body)
        if re.fullmatch(REFERENCE, text) and text not in live
    }


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in a JSON value."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in items:
        yield from [item] if isinstance(item, str) else _texts(item)


def live_ids(data: Path) -> set[str]:
    """Return the ids of all objects of the API."""
    return {body["id"] for _, _, body in _api(data)[0] if "id" in body}


def _names(objects: Iterable[Row], contents: Mapping[str, bytes]) -> dict[str, str]:
    """Return a name for each id: the address in its label; for an upload, its name and bytes; its own name without a
    label.
    """
    names = {}
    for kind, _, body in objects:
        label = (body.get("given", body).get("metadata") or {}).get("reconciler-address")
        if label:
            names[body["id"]] = f"<{label}>"
        elif body["id"] in contents and "filename" in body:
            names[body["id"]] = f"<{body['filename']} {contents[body['id']].decode()}>"
        elif kind in UNLABELLED:
            names[body["id"]] = f"<{kind} {body['name']} {body.get('version', '')}>"
    return names


def _timeless(body: Document) -> str:
    """Return a document without its times and the id of its batch."""
    kept = {name: value for name, value in body.items() if not name.endswith(("_at", "batch_id"))}
    return json.dumps(kept, sort_keys=True)


def _named(text: str, names: Mapping[str, str]) -> str:
    pattern = "|".join(map(re.escape, names)) or "$^"
    return re.sub(pattern, lambda match: names[match[0]], text)
