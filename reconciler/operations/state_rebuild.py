"""`state rebuild`: rebuild lost state from labels, bundles and manifests.

These values are known to have been applied: a value whose hash is in the label of its object; a document in the
outlets, which only Reconciler writes; an upload that a managed vector store holds, or that a bundle references and
whose name contains the hash of its content; and a live value that equals the desired one. An object without labels
that no bundle references is found by its values; see `reconciler.planning.equal_objects`. All other values are marked
as unknown, and the next plan shows them as such.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from pathlib import Path

from reconciler.live.adapters import adapters, gather
from reconciler.live.client import Connection
from reconciler.live.listing import Listing
from reconciler.live.versions import with_versions
from reconciler.operations.lineages import ChosenLineage, choose, lineages, unproven
from reconciler.operations.live_lists import may_be_announced
from reconciler.operations.outlet_documents import read_outlets
from reconciler.operations.plan_inputs import pending
from reconciler.operations.run import check_unlocked
from reconciler.operations.state_edits import rewritten
from reconciler.planning.equal_objects import EqualObjects, equal_objects
from reconciler.planning.field_diff import owned
from reconciler.planning.held_names import unrecorded
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.match import Matched, match
from reconciler.planning.published import Pointer
from reconciler.planning.runners import with_published, with_suspended
from reconciler.planning.uploads import is_made_of
from reconciler.project.connection import connected, run_async
from reconciler.project.destroyed import check_not_destroyed
from reconciler.project.workspace import Workspace, open_workspace
from reconciler.resources.address import Address, parsed
from reconciler.resources.base import Applied, Desired, Live
from reconciler.resources.guard_settings import GuardSettings
from reconciler.resources.labelled import is_mislabelled
from reconciler.resources.labels import field_hash
from reconciler.resources.metadata import has_room
from reconciler.resources.problems import Problem, ReconcilerError, env_option
from reconciler.resources.registry import resource_types
from reconciler.resources.values import ABSENT, JSON, Absent, Fields, digest, same
from reconciler.state.edits import StateRebuild, compare
from reconciler.state.journal import StateMovedError
from reconciler.state.lock import this_process
from reconciler.state.model import Snapshot, State


def rebuild(
    start: Path,
    environ: Mapping[str, str],
    *,
    env: str | None,
    endpoint: str | None,
    lineage: str | None,
    confirm: Callable[[StateRebuild], bool],
) -> StateRebuild:
    """Rebuild the state; `confirm` is called if it would replace a different state, or take over a lineage that
    `lineage` does not name.

    Recent applies and archived releases, which are recorded in the state only, are kept.
    """

    async def run() -> StateRebuild:
        workspace = open_workspace(start, environ, env=env, endpoint=endpoint)
        async with connected(workspace) as connection:
            return await rebuild_state(workspace, connection, confirm, lineage)

    return run_async(run())


async def rebuild_state(
    workspace: Workspace,
    connection: Connection,
    confirm: Callable[[StateRebuild], bool] = lambda _: False,
    lineage: str | None = None,
) -> StateRebuild:
    """Rebuild the state of an open workspace; see `rebuild`."""
    check_unlocked(workspace)
    present, listing = await asyncio.to_thread(workspace.backend.read), Listing(connection)
    check_not_destroyed(workspace, present.state)
    chosen, state, matched = await _rebuilt(workspace, connection, present, listing, lineage)
    return _written(workspace, present, state, matched, listing, chosen, confirm)


def _written(
    workspace: Workspace,
    present: Snapshot,
    state: State,
    matched: Matched,
    listing: Listing,
    chosen: ChosenLineage,
    confirm: Callable[[StateRebuild], bool],
) -> StateRebuild:
    several = sorted((*matched.ambiguous.items(), *matched.clones.items()), key=lambda item: item[0])
    ambiguous = {address: tuple(live.id for live in group) for address, group in several}
    edited, unknown = compare(present.state, state), dict(_unknown(state, matched))
    wrong = {
        live.id: live.labels.address
        for live in matched.unmanaged
        if live.labels and is_mislabelled(live, resource_types(), workspace.identity)
    }
    made = StateRebuild(
        edited,
        len(state.objects),
        unknown,
        ambiguous,
        listing.requests,
        mislabelled=wrong,
        lineage=chosen.lineage,
        taken={live.id: live.name for live in chosen.objects},
        takes_over=chosen.is_new,
        unproven={live.id: live.name for live in chosen.unproven},
    )
    if made.is_confirmed and not confirm(replace(made, written=False)):
        return replace(made, written=False)
    with workspace.backend.lock(this_process(workspace.environ)) as lease:
        base = workspace.backend.read()
        if base.position != present.position:
            message = f"another run changed the state of {workspace.identity} in the meantime"
            command = f"reconciler state rebuild{env_option(workspace.identity.environment)}"
            raise StateMovedError(Problem("state-moved", message, hint=f"Nothing was written. Run `{command}` again."))
        rewritten(workspace, lease, base, replace(present, state=state), "rebuild")
    return made


async def _rebuilt(
    workspace: Workspace, connection: Connection, present: Snapshot, listing: Listing, lineage: str | None
) -> tuple[ChosenLineage, State, Matched]:
    outlets = await asyncio.to_thread(read_outlets, workspace.reachable(()).outlets, workspace.identity)
    named = _named_in((*outlets.pointers.values(), *outlets.published.values()))
    live = await _everything(workspace, connection, {*named.values()}, listing, _Wanted(workspace.desired, present))
    _check_project(workspace, connection)
    chosen = choose(lineages(live, workspace.identity), present.state.lineage, lineage, workspace.identity.environment)
    chosen = replace(
        chosen,
        unproven=unproven(
            live,
            workspace.identity,
            present,
            published={*named.values()},
            manifests={*workspace.desired},
        ),
    )
    inputs = PlanInputs(
        identity=workspace.identity,
        resource_types=resource_types(),
        desired=workspace.desired,
        applied={},
        live=(*live, *outlets.documents.values()),
        pending=tuple(item for item in pending(present.pending) if item.creates),
        pointers=outlets.pointers,
        published=outlets.published,
        releases=workspace.releases,
        lineage=chosen.lineage,
        takes_over=True,
    )
    listing.require(inputs.known_types)
    by_bundles = dict(_by_bundles(inputs, named))
    equal = equal_objects(inputs, by_bundles)
    inputs = with_published(replace(inputs, applied={**by_bundles, **dict(_claimed(equal))}))
    chosen = replace(chosen, unproven=(*chosen.unproven, *equal.found.values()))
    matched = match(inputs)
    inputs = with_suspended(inputs, matched)
    matched = replace(matched, ambiguous={**matched.ambiguous, **equal.ambiguous})
    as_published = {live.id: live for live in outlets.documents.values()}
    entries = {
        matched.moved.get(address, address): _entry(inputs, address, as_published.get(item.id, item))
        for address, item in matched.live.items()
    }
    state = replace(
        present.state,
        openai_project=connection.project or present.state.openai_project,
        objects={**entries, **dict(_with_names(inputs, matched, entries))},
        tombstones=present.state.tombstones | workspace.archived,
        settings=_settings(workspace, present.state.settings, connection.project),
        lineage=chosen.lineage,
        outlets=_with_pointers(present.state.outlets, outlets.taken),
    )
    return chosen, state, matched


def _with_pointers(
    recorded: Mapping[str, Mapping[str, str]] | None, found: Mapping[str, Mapping[str, str]]
) -> Mapping[str, Mapping[str, str]]:
    """Return the pointers in outlets that the state records, with those that were `found`."""
    outlets = {**found, **(recorded or {})}
    return {outlet: {**found.get(outlet, {}), **outlets[outlet]} for outlet in outlets}


def _with_names(
    inputs: PlanInputs, matched: Matched, entries: Mapping[Address, Applied]
) -> Iterator[tuple[Address, Applied]]:
    """Yield the entries of releases with the names that they have for other objects."""
    for release, held in unrecorded(replace(inputs, applied=entries), matched):
        yield release, replace(entries[release], holds=held)


@dataclass(frozen=True)
class _Wanted:
    """The desired objects, for the decision which live objects are read with the fields of their version."""

    desired: Mapping[Address, Desired]
    present: Snapshot

    @cached_property
    def _shown(self) -> Collection[tuple[str, str]]:
        return {self._key(one.type, one.fields) for one in self.desired.values()}

    def may_be(self, live: Live) -> bool:
        """Return True if a live object may be desired, by the fields that its list shows, or was perhaps made by an
        interrupted run. Copies of releases may have any.
        """
        keys = {(live.type, digest({})), self._key(live.type, live.fields)}
        return not keys.isdisjoint(self._shown) or may_be_announced(self.present.pending, live)

    def _key(self, type_: str, fields: Fields) -> tuple[str, str]:
        versioned = resource_types()[type_].versioned
        return type_, digest({name: value for name, value in fields.items() if name not in versioned})


async def _everything(
    workspace: Workspace, connection: Connection, known: Collection[str], listing: Listing, wanted: _Wanted
) -> list[Live]:
    """List the live objects of all types, including types without a manifest. `listing` notes refused lists."""
    ids, by_type = sorted(known), adapters(connection)
    walks = (
        listing.attempt(adapter.type, adapter.refers, adapter.list(workspace.identity, ids), [])
        for adapter in by_type.values()
    )
    listed = list(chain.from_iterable(await gather(walks)))
    return await with_versions(
        by_type, resource_types(), listed, (), lambda live: live.id in known or wanted.may_be(live)
    )


def _claimed(equal: EqualObjects) -> Iterator[tuple[Address, Applied]]:
    return ((address, Applied(live.id, live.type, {})) for address, live in equal.found.items())


def _check_project(workspace: Workspace, connection: Connection) -> None:
    pinned = workspace.loaded.project.openai_project
    if pinned and connection.project and pinned != connection.project:
        message = f"the API key is for the OpenAI project {connection.project}, but {workspace.identity} is in {pinned}"
        raise ReconcilerError(
            Problem("other-openai-project", message, hint=f"Nothing was written. Use an API key of {pinned}.")
        )


def _settings(workspace: Workspace, recorded: GuardSettings | None, answered: str | None) -> GuardSettings | None:
    """Return the recorded settings. After a move to another OpenAI project, whose objects these are, the pin is that of
    project.yaml.
    """
    if recorded is None or answered is None or recorded.openai_project in (None, answered):
        return recorded
    return replace(recorded, openai_project=workspace.loaded.project.openai_project)


def _named_in(pointers: Iterable[Pointer]) -> dict[Address, str]:
    """Return the ids in published bundles, for addresses with the same id in all bundles."""
    found: dict[str, set[str]] = defaultdict(set)
    for pointer in pointers:
        for text, id_ in pointer.ids.items():
            found[text].add(id_)
    unique = ((parsed(text), next(iter(ids))) for text, ids in found.items() if len(ids) == 1)
    return {address: id_ for address, id_ in unique if address}


def _by_bundles(inputs: PlanInputs, named: Mapping[Address, str]) -> Iterator[tuple[Address, Applied]]:
    """Return entries that only bundles prove: uploads that no vector store holds, objects without room for labels, and
    the right one of several objects with the same label.
    """
    by_id = {live.id: live for live in inputs.live}
    for address, id_ in named.items():
        live, desired = by_id.get(id_), inputs.desired.get(address)
        if live is not None and _is_meant(inputs, address, live, desired):
            content = {"sha256": desired.fields["sha256"]} if desired and inputs.is_upload(live.type) else {}
            yield address, Applied(live.id, live.type, content)


def _is_meant(inputs: PlanInputs, address: Address, live: Live, desired: Desired | None) -> bool:
    if live.labels is not None:
        ours = live.labels.is_of(str(inputs.identity), inputs.lineage)
        return ours and inputs.labelled_address(live) == address
    if desired is None or desired.type != live.type:
        return False
    if inputs.is_upload(live.type):
        return is_made_of(live, desired)
    return inputs.needs_state(live.type) or not has_room(live.fields.get("metadata"))


def _entry(inputs: PlanInputs, address: Address, live: Live) -> Applied:
    """Return the entry of a live object, with addresses in place of ids; of a document, as it is written."""
    desired = inputs.desired.get(address)
    by_content = live.type in inputs.outlet_types or inputs.is_upload(live.type)
    proven = dict(_set(inputs, live, desired) if by_content else _proven(inputs, live, desired))
    lifecycle, written = desired.lifecycle if desired else None, _written_as_desired(inputs, desired)
    return Applied(
        id=live.id,
        type=live.type,
        fields=proven,
        write_only=written,
        protected=live.labels.protected if live.labels else bool(lifecycle and lifecycle.protect),
        keep=bool(lifecycle and lifecycle.keep_on_delete),
        unproven=tuple(sorted({*_unproven(inputs, live, desired, proven), *_unread(desired, written)})),
        revision=live.revision,
    )


def _written_as_desired(inputs: PlanInputs, desired: Desired | None) -> Mapping[str, str]:
    """Return the digests of the write-only fields that can only have the desired values: those of a frozen copy, which
    never changes. A field that only a create can set is taken to have it, too, because no plan could write it.
    """
    if desired is None or desired.whole:
        return desired.write_only if desired else {}
    fixed = inputs.resource_types[desired.type].creation_only
    return {name: value for name, value in desired.write_only.items() if name in fixed}


def _unread(desired: Desired | None, written: Mapping[str, str]) -> Iterable[str]:
    """Return the desired write-only fields whose live values are unknown: the next plan writes them."""
    return desired.write_only.keys() - written.keys() if desired else ()


def _set(inputs: PlanInputs, live: Live, desired: Desired | None) -> Iterator[tuple[str, JSON]]:
    """Return the fields of a document or an upload that differ from their defaults; both contain all values."""
    defaults, wanted = inputs.resource_types[live.type].defaults, desired.fields if desired else {}
    for name, value in live.fields.items():
        if name in wanted or not (value == {} or same(value, defaults.get(name))):
            yield name, value


def _proven(inputs: PlanInputs, live: Live, desired: Desired | None) -> Iterator[tuple[str, JSON]]:
    resource_type = inputs.resource_types[live.type]
    hashes = live.labels.spec if live.labels else {}
    for name in sorted({*hashes, *(desired.fields if desired else ()), *(resource_type.apart & live.fields.keys())}):
        wanted = desired.fields.get(name, ABSENT) if desired else ABSENT
        found = owned(resource_type, name, wanted, ABSENT, live.fields.get(name, ABSENT))
        if name in hashes:
            values: tuple[JSON | Absent, ...] = (found, live.fields.get(name, ABSENT), wanted)
            value = next((one for one in values if one is not ABSENT and field_hash(one) == hashes[name]), ABSENT)
        else:
            value = found if desired is None or (wanted is not ABSENT and same(found, wanted)) else ABSENT
        if value is not ABSENT:
            yield name, value


def _unproven(inputs: PlanInputs, live: Live, desired: Desired | None, proven: Mapping[str, JSON]) -> Iterator[str]:
    """Return desired fields without proof; with labels, a field that is not in the label is new and not included."""
    if desired is None or live.type in inputs.outlet_types or inputs.is_upload(live.type):
        return
    resource_type, labelled = inputs.resource_types[live.type], bool(live.labels and live.labels.spec)
    for name in sorted(desired.fields.keys() - proven.keys()):
        if name in resource_type.apart or not labelled:
            yield name


def _unknown(state: State, matched: Matched) -> Iterator[tuple[Address, tuple[str, ...]]]:
    """Return the fields whose applied value is unknown; a hash in a label proves only that it was another value."""
    for address, live in sorted(matched.live.items()):
        known_as = matched.moved.get(address, address)
        entry, hashed = state.objects[known_as], live.labels.spec if live.labels else {}
        if names := sorted({*entry.unproven, *(hashed.keys() - entry.fields.keys())}):
            yield known_as, tuple(names)
