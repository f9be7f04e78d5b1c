"""The steps of a plan and their dependencies. A step starts as soon as its dependencies are done.

A change is one step, except that a replacement removes the old object only after every reference points to the new one,
and not at all if the plan keeps it:

    write file ──> write store ──> write assistant ──> publish
                        └──────────────┴──> remove what was replaced, remove what left the manifests
                                                          └──> record the settings of the project

Removals start after all other steps, whether or not these succeed. Lists that are read before a delete then show the
references as the run leaves them: a list that is read while the run changes its objects would have to be read again.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from reconciler.planning.build import Planned
from reconciler.planning.graph import Edge
from reconciler.planning.holders import holders
from reconciler.planning.keep_on_delete import given_up
from reconciler.planning.model import CREATES, Action, Change
from reconciler.planning.release_retention import release_of
from reconciler.planning.settings import is_settings_change
from reconciler.resources.address import RELEASE, Address

Verb: TypeAlias = Literal["write", "publish", "remove", "forget", "record"]
"""`record` sends nothing: the caller records the settings of the project after the last step."""

VERBS: Final[Mapping[Action, tuple[Verb, ...]]] = {
    "create": ("write",),
    "update": ("write",),
    "replace": ("write", "remove"),
    "adopt": ("write",),
    "publish": ("publish",),
    "delete": ("remove",),
    "archive": ("remove",),
    "release": ("write",),
    "forget": ("forget",),
}


@dataclass(frozen=True, eq=False)
class Step:
    """One thing to do to one object."""

    address: Address
    verb: Verb
    changes: tuple[Change, ...]
    """The changes of the plan that this step carries out, completely or in part."""
    id: str | None = None
    """The live object to update or remove, as planned."""

    @property
    def creates(self) -> bool:
        """True if the step creates a live object."""
        return self.verb == "write" and any(change.action in CREATES for change in self.changes)


def lower(planned: Planned) -> dict[Step, set[Step]]:
    """Return the steps of a plan, in its order, each with the steps that it waits for."""
    steps = list(steps_of(planned))
    by_address: dict[str, list[Step]] = defaultdict(list)
    for step in steps:
        by_address[str(step.address)].append(step)
    removed = {step.id: step.address for step in steps if step.verb == "remove" and step.id is not None}
    holding = holders(planned.inputs, planned.matched, removed)
    needs = {
        step: (set(steps) if step.verb == "record" else _needs(planned, step, by_address, holding)) - {step}
        for step in steps
    }
    return needs | _files_first(planned, by_address)


def _files_first(planned: Planned, by_address: Mapping[str, list[Step]]) -> dict[Step, set[Step]]:
    """Return the dependencies between objects that stop being managed: files before the store that holds them. If the
    run is interrupted in between, the store still shows that the files are kept.
    """
    found: dict[Step, set[Step]] = {}
    for address, files in given_up(planned.inputs, planned.matched).items():
        held = {step for file in files for step in by_address.get(str(file), ())}
        found.update((step, set()) for step in held)
        found.update((step, held) for step in by_address.get(str(address), ()))
    return found


def steps_of(planned: Planned) -> Iterator[Step]:
    """Yield the steps of a plan, in its order; an edit and drift of one object are one step. What the plan keeps is not
    removed.
    """
    changes: dict[tuple[Address, Verb, str | None], list[Change]] = defaultdict(list)
    for change in planned.plan.work:
        address = Address.parse(change.address)
        for verb in ("record",) if is_settings_change(change) else VERBS.get(change.action, ()):
            id_ = _live_id(planned, address) if verb == "write" else change.id
            changes[address, verb, id_].append(change)
    for (address, verb, id_), group in changes.items():
        if verb != "remove" or not any(change.keeps_upload for change in group):
            yield Step(address, verb, tuple(group), id_)


def _live_id(planned: Planned, address: Address) -> str | None:
    live = planned.matched.live.get(address)
    return live.id if live else None


def _needs(
    planned: Planned, step: Step, by_address: Mapping[str, list[Step]], holding: Mapping[str, Sequence[Edge]]
) -> set[Step]:
    if step.verb in {"write", "publish"}:
        written = set(_written(by_address, [*_parts(planned, step), step.address]))
        # The bundle of an agent holds the agent itself, which waits for nothing that is published of it.
        return {other for other in written if (other.address, other.verb) != (step.address, "publish")}
    return set(_let_go(planned, step, by_address, holding.get(step.id or "", ())))


def _parts(planned: Planned, step: Step) -> list[Address]:
    """Return the addresses that must be written before `step`: those that the object or its bundle references.

    A draft does not wait for the release that is published under the same name. A release waits for the working objects
    that it copies.
    """
    inputs, release = planned.inputs, release_of(planned.inputs, step.address)
    needed = planned.after.needs.get(step.address, ())
    if release is not None and step.verb == "write":
        needed = [address for address in needed if address != release]
    bundle = inputs.bundles.get(release if release and step.verb == "publish" else step.address)
    copies = inputs.releases[step.address].parts if step.address in inputs.releases else ()
    held = sorted(map(planned.matched.now, bundle.refers_to if bundle else ()))
    return [*needed, *held, *sorted(map(planned.matched.family, copies))]


def _written(by_address: Mapping[str, list[Step]], addresses: list[Address]) -> Iterator[Step]:
    for address in addresses:
        yield from (step for step in by_address.get(str(address), ()) if step.verb in {"write", "publish"})


def _let_go(
    planned: Planned, step: Step, by_address: Mapping[str, list[Step]], holding: Sequence[Edge]
) -> Iterator[Step]:
    """Yield the steps after which no object references the removed one, and nothing published holds its id."""
    edges = [
        *planned.before.referrers.get(step.address, ()),
        *planned.after.referrers.get(step.address, ()),
        *holding,
    ]
    users = _users(planned, step.address) if step.address.kind == RELEASE else ()
    for source in dict.fromkeys([*(edge.source for edge in edges), *users]):
        yield from by_address.get(str(source), ())
    yield from _written(by_address, [step.address])
    yield from (other for other in by_address.get(str(step.address), ()) if other.verb == "publish")
    if step.verb == "remove":
        yield from _forgotten(planned, step, by_address)


def _users(planned: Planned, release: Address) -> Iterator[Address]:
    """Yield the objects at OpenAI that refer to an object which a release consists of, such as automations that run its
    agent: the release stays until they have another one.
    """
    parts = list(planned.before.needs.get(release, ()))
    for part in parts:  # grows: a pipeline consists of further parts
        inside = planned.before.needs.get(part, ()) if part.release == release else ()
        parts += (one for one in inside if one.release == release and one not in parts)
        for edge in planned.before.referrers.get(part, ()):
            live = planned.matched.live.get(edge.source) if isinstance(edge.source, Address) else None
            if isinstance(edge.source, Address) and live and live.type not in planned.inputs.outlet_types:
                yield edge.source


def _forgotten(planned: Planned, step: Step, by_address: Mapping[str, list[Step]]) -> Iterator[Step]:
    """Yield the steps in which other addresses release a shared upload, or get another one: it is deleted after the
    last of them.
    """
    for address in planned.matched.addresses.get(step.id or "", ()):
        yield from (other for other in by_address.get(str(address), ()) if other.verb in {"forget", "write"})
