"""The diff stage: the changes and the drift of every address, in the order in which they are shown."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from reconciler.planning.adoption_notes import adoption_notices
from reconciler.planning.changes import ByOrigin, changes, not_named
from reconciler.planning.codec import seal_change
from reconciler.planning.equal_objects import maybe_duplicates
from reconciler.planning.graph import Graph, after, before, group_of
from reconciler.planning.held_uploads import with_held
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.keep_on_delete import stays_published
from reconciler.planning.losses import deleted_files
from reconciler.planning.match import Matched
from reconciler.planning.model import BODY, RELEASES_OWNERSHIP, Change, Plan, Unmanaged, decision_of
from reconciler.planning.outlets import only_in_outlets
from reconciler.planning.publications import publications
from reconciler.planning.reasons import Notice
from reconciler.planning.referrers import Node
from reconciler.planning.renewals import with_renewals
from reconciler.planning.resolution import Resolution
from reconciler.planning.runners import waiting, with_causes
from reconciler.planning.settings import is_settings_change, settings_change
from reconciler.resources.address import Address
from reconciler.resources.base import Live
from reconciler.resources.metadata import has_room


@dataclass(frozen=True)
class Difference:
    """The differences between the desired and the live objects, and the references before and after the plan."""

    resolution: Resolution
    by_origin: tuple[ByOrigin, ...]
    plan: Plan
    """Changes, drift and warnings. It has no refusals, risks or costs yet."""
    before: Graph
    after: Graph


def diff(resolution: Resolution) -> Difference:
    """Compare every pair of the resolution, and separate edits of manifests from drift."""
    inputs, matched, retired = resolution.inputs, resolution.matched, resolution.retired
    pairs = tuple(with_causes(inputs, changes(inputs, matched, retired.reasons)))
    pairs = with_renewals(inputs, matched, pairs)
    pairs = with_held(inputs, matched, (*pairs, *publications(inputs, matched, pairs)))
    settings = settings_change(inputs, len({live.id for live in matched.live.values()}))
    pairs = (*pairs, ByOrigin(settings, None)) if settings else pairs
    edits = [pair.ours for pair in pairs if pair.ours]
    drift = [_decided(inputs, pair.drift) for pair in pairs if pair.drift]
    work = [*edits, *(change for change in drift if change.decision == "revert")]
    kept = [change for change in drift if change.decision != "revert"]
    graphs = before(inputs, matched), after(inputs, matched, work, kept)
    order = _Order(inputs, *graphs)
    archived = (Notice("already-archived", address=str(release)) for release in retired.unmarked)
    plan = Plan(
        identity=str(inputs.identity),
        changes=order.of(edits),
        drift=order.of(drift),
        unmanaged=tuple(_unmanaged(inputs, matched)),
        warnings=(
            *_warnings(inputs, matched),
            *maybe_duplicates(inputs, matched, work),
            *deleted_files(inputs),
            *only_in_outlets(inputs, matched),
            *archived,
            *waiting(inputs),
        ),
        unchanged=_unchanged(inputs, matched, [*edits, *drift]),
    )
    return Difference(resolution, pairs, plan, *graphs)


def _decided(inputs: PlanInputs, change: Change) -> Change:
    return replace(change, decision=decision_of(change, inputs.on_drift))


@dataclass(frozen=True)
class _Order:
    """The order in which changes are shown: dependencies first, removals last and in reverse, then the settings."""

    inputs: PlanInputs
    before: Graph
    after: Graph

    def of(self, found: Iterable[Change]) -> tuple[Change, ...]:
        everything = [seal_change(str(self.inputs.identity), self._with_referrers(change)) for change in found]
        settings = tuple(change for change in everything if is_settings_change(change))
        sealed = [change for change in everything if change not in settings] if settings else everything
        staying = sorted((change for change in sealed if change.action not in RELEASES_OWNERSHIP), key=self._by_depth)
        removed = sorted((change for change in sealed if change.action in RELEASES_OWNERSHIP), key=self._by_rank)
        return (*staying, *removed, *settings)

    def _by_depth(self, change: Change) -> tuple[int, str, str, str]:
        return self._made.get(Address.parse(change.address), 0), change.address, change.action, change.id or ""

    def _by_rank(self, change: Change) -> tuple[int, int, str, str, str]:
        """Order by group: releases, frozen pipelines, frozen assistants, assistants, stores, files."""
        address = Address.parse(change.address)
        rank, removed = self._ranks.get(group_of(address), 0), self._removed.get(address, 0)
        return -rank, -removed, change.address, change.action, change.id or ""

    @cached_property
    def _made(self) -> Mapping[Node, int]:
        return self.after.depths()

    @cached_property
    def _removed(self) -> Mapping[Node, int]:
        return self.before.depths()

    @cached_property
    def _ranks(self) -> Mapping[str, int]:
        return self.before.ranks()

    def _with_referrers(self, change: Change) -> Change:
        """Add the known referrers, and the digest of an object that is only deleted as it is, as preconditions: a new
        referrer, or an edit, must stop the removal.
        """
        if not change.ends_id:
            return change
        edges = self.before.referrers.get(Address.parse(change.address), ())
        pinned = self.inputs.pinned.get(change.id or "")
        body = {BODY: pinned} if pinned else {}
        return replace(change, preconditions={"referrers": sorted({str(edge.source) for edge in edges}), **body})


def _unmanaged(inputs: PlanInputs, matched: Matched) -> Iterator[Unmanaged]:
    for live in sorted(matched.unmanaged, key=lambda live: (live.type, live.name, live.id)):
        wrong = live.labels.address if live.labels and inputs.is_mislabelled(live) else None
        owner = live.labels.identity if live.labels and wrong is None else None
        yield Unmanaged(live.type, live.id, live.name, owner, wrong)


def _warnings(inputs: PlanInputs, matched: Matched) -> Iterator[Notice]:
    """Yield the warnings about live objects that the plan does not change."""
    for address, live in sorted(matched.live.items()):
        if not inputs.in_scope(address):
            continue
        if address in inputs.adopt:
            yield from adoption_notices(inputs, matched, address)
            continue
        if stays_published(inputs, address):
            yield Notice("stays-published", address=str(address))
        if inputs.is_labelled(live.type) and live.labels is None and not has_room(live.fields.get("metadata")):
            yield Notice("no-label-room", address=str(address))
        if address not in inputs.unchanged:  # otherwise all its members are in the manifest, and indexed
            for name in _creation_only_edits(inputs, address, live):
                yield Notice("set-at-creation", {"field": name}, str(address))
            yield from _of_members(inputs, address, live)


def _of_members(inputs: PlanInputs, address: Address, live: Live) -> Iterator[Notice]:
    members, desired = inputs.members(live.type), inputs.desired.get(address)
    if members is None:
        return
    if desired is not None and not desired.prunes:
        extra = not_named(members, desired, inputs.applied.get(address), live)
        if extra:
            yield Notice("files-not-in-manifest", {"files": sorted(extra)}, str(address))
    failed = members.failed(live.detail)
    if failed:
        yield Notice("files-not-indexed", {"files": sorted(failed)}, str(address))


def _creation_only_edits(inputs: PlanInputs, address: Address, live: Live) -> Iterator[str]:
    """Yield the fields that were edited, and that the API accepts only when it creates an object."""
    desired, applied = inputs.desired.get(address), inputs.applied.get(address)
    if desired and applied:
        for name in sorted(inputs.resource_types[live.type].creation_only):
            if desired.write_only.get(name) != applied.write_only.get(name):
                yield name


def _unchanged(inputs: PlanInputs, matched: Matched, found: Iterable[Change]) -> int:
    changed = {Address.parse(change.address) for change in found}
    rest = (address for address in inputs.desired if inputs.in_scope(address) and address not in changed)
    return sum(not matched.is_disputed(address) for address in rest)
