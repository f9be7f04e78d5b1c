"""`plan --offline`: the manifests against what the state remembers, for those who may not have a key."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from reconciler.operations.outlet_documents import published
from reconciler.operations.plan import check_targets, inputs_of, plan_of
from reconciler.planning.build import Planned
from reconciler.planning.model import OnDrift
from reconciler.planning.reasons import Notice
from reconciler.project.workspace import open_workspace
from reconciler.resources.address import FILE, Address, Identity
from reconciler.resources.base import Applied, Labels, Live
from reconciler.resources.kinds.file import upload_name
from reconciler.resources.labels import spec_hashes
from reconciler.resources.registry import outlet_types, resource_types
from reconciler.resources.values import Fields, is_reference
from reconciler.state.model import State


def planned_offline(
    start: Path,
    environ: Mapping[str, str],
    env: str | None = None,
    on_drift: OnDrift = "revert",
    targets: Sequence[Address] = (),
) -> Planned:
    """Plan the project at or above `start` without asking the API. Of the outlets only the first is read."""
    workspace = open_workspace(start, environ, env=env)
    snapshot = workspace.backend.read()
    outlets = published(workspace.outlets[:1], workspace.identity)
    live = remembered(snapshot.state, workspace.identity)
    project = snapshot.state.openai_project
    inputs = inputs_of(workspace, snapshot, live, outlets, project, on_drift, targets)
    planned, _ = plan_of(workspace, inputs)
    check_targets(workspace, targets, planned.matched.live)
    return replace(planned, plan=replace(planned.plan, warnings=(Notice("offline"), *planned.plan.warnings)))


def remembered(state: State, identity: Identity) -> list[Live]:
    """What is live, were nothing changed since it was applied. An upload that several addresses share is one object."""
    names = _upload_names(state)
    found = {applied.id: _live(state, identity, *item) for item in state.objects.items() if (applied := item[1])}
    named = (replace(live, name=names.get(live.id, "")) for live in found.values())
    return [live for live in named if live.type not in outlet_types()]


def _upload_names(state: State) -> Mapping[str, str]:
    """What each upload is called at OpenAI, by id: state has its path, and whether a store holds it there."""
    attached = {key for applied in state.objects.values() for key in applied.fields.get("files") or ()}
    uploads = ((address, one) for address, one in state.objects.items() if one.type == FILE and "sha256" in one.fields)
    return {
        one.id: upload_name(_path(address), one.fields["sha256"], attached=address.name in attached)
        for address, one in sorted(uploads, key=lambda item: item[0], reverse=True)
    }


def _path(address: Address) -> str:
    """The path of a file; of one that a release keeps, as it was in the project folder."""
    return address.name.rpartition("@")[0] if address.is_frozen else address.name


def _live(state: State, identity: Identity, address: Address, applied: Applied) -> Live:
    live = Live(applied.type, applied.id, dict(_as_read(state, applied.fields)))
    if applied.type in outlet_types() or applied.type == FILE:
        return live
    apart = resource_types()[applied.type].apart
    hashes = spec_hashes({name: value for name, value in applied.fields.items() if name not in apart})
    return replace(live, labels=Labels(str(identity), str(address), hashes, applied.protected))


def _as_read(state: State, fields: Fields) -> Iterator[tuple[str, object]]:
    """The files of a store are read by id."""
    for name, value in fields.items():
        files = name == "files" and isinstance(value, Mapping)
        yield name, dict(_file_as_read(state, *item) for item in value.items()) if files else value


def _file_as_read(state: State, path: str, entry: Fields) -> tuple[str, Fields]:
    held = entry.get("file")
    applied = state.objects.get(Address.parse(held["$address"])) if is_reference(held) else None
    return (applied.id, {key: entry[key] for key in entry if key != "file"}) if applied else (path, entry)
