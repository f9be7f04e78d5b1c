"""`plan --offline`: compare the manifests with the state, without an API key."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from reconciler.operations.outlet_documents import read_outlets
from reconciler.operations.plan import check_targets, plan_of
from reconciler.operations.plan_inputs import inputs_of
from reconciler.operations.removed import environments_left
from reconciler.planning.build import Planned
from reconciler.planning.model import OnDrift
from reconciler.planning.reasons import Notice
from reconciler.project.destroyed import check_not_destroyed
from reconciler.project.ended import Ended, ended
from reconciler.project.workspace import BUILT_IN, open_workspace
from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied, Labels, Live
from reconciler.resources.labels import spec_hashes
from reconciler.resources.registry import outlet_types, resource_types
from reconciler.resources.resource_type import CONTENT
from reconciler.resources.values import JSON, reference, replace_references
from reconciler.state.model import State


def planned_offline(
    start: Path,
    environ: Mapping[str, str],
    env: str | None = None,
    on_drift: OnDrift = "revert",
    targets: Sequence[Address] = (),
) -> Planned:
    """Plan the project at or above `start` without requests to the API. Only the first outlet is read."""
    workspace = open_workspace(start, environ, env=env)
    snapshot = workspace.backend.read()
    check_not_destroyed(workspace, snapshot.state)
    left = environments_left(workspace, snapshot).warnings
    outlets = read_outlets({BUILT_IN: workspace.built_in_outlet}, workspace.identity)
    resources = workspace.loaded.resources
    former = {Address(one.address.kind, name) for one in resources for name in one.lifecycle.moved_from}
    live = remembered(snapshot.state, workspace.identity, former)
    # No key is used: only the project that the manifest names and that of the state can differ.
    project = workspace.loaded.project.openai_project or snapshot.state.openai_project
    inputs = inputs_of(workspace, snapshot, live, outlets, project, on_drift, targets)
    # The state has only the fields that manifests set: what else an object had when it was planned is not known.
    types = {name: replace(one, pins_deletes=False) for name, one in inputs.resource_types.items()}
    planned = plan_of(workspace, replace(inputs, resource_types=types))
    check_targets(workspace, targets, planned.matched.live)
    warnings = (
        Notice("offline"),
        *map(_ended, ended(workspace.loaded, workspace.endpoint)),
        *left,
        *planned.plan.warnings,
    )
    return replace(planned, plan=replace(planned.plan, warnings=warnings))


def _ended(one: Ended) -> Notice:
    args = {"place": str(one.place), "message": one.message, "hint": one.hint}
    return Notice("target-ended", args, address=one.address)


def remembered(state: State, identity: Identity, former: Collection[Address] = ()) -> list[Live]:
    """Return the objects of the state as live objects. An upload that several addresses share is one object. References
    to the addresses in `former` are ids, as in responses: a rename does not change them.
    """
    names = _upload_names(state)
    found = {
        applied.id: _live(state, identity, former, *item) for item in state.objects.items() if (applied := item[1])
    }
    named = (replace(live, name=names.get(live.id, "")) for live in found.values())
    return [live for live in named if live.type not in outlet_types()]


def _upload_names(state: State) -> Mapping[str, str]:
    """Return the name of each upload at OpenAI, by id, which depends on its path and on its vector stores."""
    known = resource_types()
    holders = ((known[applied.type].members, applied.fields) for applied in state.objects.values())
    attached = {key for members, fields in holders if members for key in members.of(fields)}
    uploads = (item for item in state.objects.items() if known[item[1].type].is_upload and CONTENT in item[1].fields)
    return {
        one.id: known[one.type].upload_name(_path(address), one.fields[CONTENT], address.name in attached)
        for address, one in sorted(uploads, key=lambda item: item[0], reverse=True)
    }


def _path(address: Address) -> str:
    """Return the path of a file; for a file of a release, its path in the project folder."""
    return address.name.rpartition("@")[0] if address.is_frozen else address.name


def _live(state: State, identity: Identity, former: Collection[Address], address: Address, applied: Applied) -> Live:
    resource_type = resource_types()[applied.type]

    def id_of(target: Address) -> str | None:
        return state.objects[target].id if target in state.objects else None

    def as_live(text: str) -> JSON:
        target = Address.parse(text)
        known = state.objects.get(target) if target in former else None
        # Of what may be replaced, the plan finds those that must refer to the new object by its former address.
        return reference(target) if known is None or resource_types()[known.type].outlives else known.id

    fields = resource_type.as_listed(applied.fields, id_of)
    live = Live(applied.type, applied.id, replace_references(dict(fields), as_live) if former else fields)
    if not resource_type.is_labelled:
        return live
    hashes = spec_hashes({name: value for name, value in applied.fields.items() if name not in resource_type.apart})
    return replace(live, labels=Labels(str(identity), str(address), hashes, applied.protected))
