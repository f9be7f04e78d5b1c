"""The names that releases have for objects outside them, and the objects that these names mean.

A release is immutable, so it has the names of the day on which it was made: of objects that it uses directly, such as a
vector store with `releases: live`, and of the objects that its copies were made from. They are followed in two ways:

| where                     | which                                                                            |
|---------------------------|----------------------------------------------------------------------------------|
| state, and bundle pointer | live ids by name, recorded when the release is applied (`Applied.holds`)         |
| Git                       | `moved_from` of the manifest that has the object now, for every other identity   |

`moved_from` must therefore stay as long as a release that is not archived has the former name: without it, an identity
that has not applied the release cannot do so. The name of an object that a release uses directly must not be given to
another object, either.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from reconciler.planning.inputs import PlanInputs
from reconciler.planning.match import Matched
from reconciler.planning.model import CREATES, Change
from reconciler.planning.reasons import Notice
from reconciler.planning.release_retention import ASSISTANT, published_releases, uses
from reconciler.planning.renames import declared
from reconciler.resources.address import Address
from reconciler.resources.registry import upload_kinds
from reconciler.resources.values import JSON, references_in


@dataclass(frozen=True, slots=True)
class Renamed:
    """A name of a release whose object has another name now, which its manifest does not set in `moved_from`: either
    this identity has not applied the release, or another object has the name.
    """

    release: Address
    name: Address
    now: Address
    is_reused: bool
    """True if another object has the name now."""


@dataclass(frozen=True, slots=True)
class Undefined:
    """A name of a release that no manifest defines, by its name or by `moved_from`."""

    release: Address
    name: Address
    source: Address
    """The part of the release that has the name."""
    is_copied: bool = False
    """True for an assistant that the release only has a copy of: where the release is applied, nothing needs it."""


def names_of(inputs: PlanInputs, release: Address) -> frozenset[Address]:
    """Return the names of a release: of its chatbot, of the objects that it uses, and of those that were copied."""
    found = {inputs.releases[release].chatbot, *uses(inputs, release)}
    return frozenset(address.family for address in found if address.kind not in upload_kinds())


def holds_of(inputs: PlanInputs, release: Address, id_of: Callable[[Address], str | None]) -> dict[str, str]:
    """Return `Applied.holds` of a release, given the live id behind a name; empty for any other object."""
    names = names_of(inputs, release) if release in inputs.releases else ()
    found = ((str(name), id_of(name)) for name in sorted(names))
    return {name: id_ for name, id_ in found if id_ is not None}


def unrecorded(inputs: PlanInputs, matched: Matched) -> Iterator[tuple[Address, dict[str, str]]]:
    """Yield `Applied.holds` of each applied release whose entry lacks them, because an earlier version wrote it, or has
    an id that does not exist any longer, because an interrupted run renamed a document and did not record it.
    """
    for release in sorted(inputs.releases.keys() & inputs.applied.keys()):
        known = inputs.applied[release].holds
        published = inputs.pointers[release].holds if release in inputs.pointers else {}
        recorded = {**published, **known}

        def id_of(name: Address, recorded: Mapping[str, str] = recorded) -> str | None:
            held, live = recorded.get(str(name)), matched.live.get(matched.now(name))
            return held if held in matched.addresses or live is None else live.id

        found = holds_of(inputs, release, id_of)
        if found != known:
            yield release, found


def renamed_without_name(inputs: PlanInputs, matched: Matched) -> Iterator[Renamed]:
    """Yield the names of releases that the manifests do not follow to the right object."""
    for release in sorted(inputs.releases.keys() & inputs.desired.keys()):
        is_applied = release in inputs.applied or release in matched.live
        held = inputs.applied[release].holds if release in inputs.applied else {}
        used = uses(inputs, release)
        for name in sorted(names_of(inputs, release)):
            by_id = matched.addresses.get(held.get(str(name), ""), ())
            now, is_reused = by_id[0] if by_id else matched.now(name), name in inputs.desired and name in used
            if now == name or now not in inputs.desired or (is_applied and not is_reused):
                continue
            if name.name not in inputs.desired[now].lifecycle.moved_from:
                yield Renamed(release, name, now, is_reused)


def undefined(inputs: PlanInputs, known: Collection[Address] = ()) -> Iterator[Undefined]:
    """Yield the names that an identity without state cannot resolve: of objects that a release uses, and of assistants
    in a published release. An unpublished release is archived with its assistant. Names in `known` are resolved.
    """
    releases = sorted(inputs.releases.keys() & inputs.desired.keys())
    if not releases:
        return
    defined = {*inputs.desired, *declared(inputs.desired), *known}
    elsewhere = {text for wanted in inputs.desired.values() for text in wanted.options.get("published_elsewhere", ())}
    published = {*published_releases(inputs).values(), *map(Address.parse, elsewhere)}
    for release in releases:
        found: dict[Address, Address] = {}
        copied: dict[Address, Address] = {}
        for source in (*sorted(inputs.releases[release].parts & inputs.desired.keys()), release):
            for target in map(Address.parse, references_in(dict(inputs.desired[source].fields))):
                if not target.is_frozen and target.kind not in upload_kinds():
                    found.setdefault(target, source)
            if source.is_frozen and source.kind == ASSISTANT and release in published:
                copied.setdefault(source.family, source)
        for name in sorted((found.keys() | copied.keys()) - defined):
            yield Undefined(release, name, found.get(name) or copied[name], is_copied=name not in found)


def only_in_state(inputs: PlanInputs, matched: Matched, work: Collection[Change]) -> Iterator[Notice]:
    """Yield a warning for each name of releases that only the state resolves: a state that has not applied them could
    not plan. Of an object that the plan removes, only if the plan creates one that may be the renamed one; of a copied
    assistant that was deleted, none.
    """
    removed = {change.address for change in work if change.ends_id}
    made = (Address.parse(change.address) for change in work if change.action in CREATES)
    created = {address.kind for address in made if not address.is_frozen}
    releases: dict[Address, list[str]] = defaultdict(list)
    for one in undefined(inputs):
        now_at = matched.of_release(one.release, one.name)
        is_gone = one.is_copied and now_at not in matched.live and now_at not in inputs.desired
        if one.name.release is None and not is_gone:
            releases[one.name].append(str(one.release))
    for name, found in sorted(releases.items()):
        now = {matched.of_release(Address.parse(one), name) for one in found}
        if not removed.isdisjoint(map(str, now)) and name.kind not in created:
            continue
        manifest = inputs.desired.get(now.pop()) if len(now) == 1 else None
        former = [*manifest.lifecycle.moved_from, name.name] if manifest else [name.name]
        args: dict[str, JSON] = {"name": str(name), "releases": found, "moved_from": former}
        yield Notice("only-in-state", args | {"now": str(manifest.address) if manifest else None})
