"""A plan lowered to steps, and what each step waits for. There are no levels: a step starts when what it needs is done.

A change is one step, except that a replacement removes the old object only after everything points at the new one:

    write file ──> write store ──> write assistant ──> publish
                        └──────────────┴──> remove what was replaced, remove what left the manifests
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from reconciler.planning.build import Planned
from reconciler.planning.keep_on_delete import given_up
from reconciler.planning.model import CREATES, Action, Change
from reconciler.planning.release_retention import release_of
from reconciler.resources.address import Address

Verb: TypeAlias = Literal["write", "publish", "remove", "forget"]

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


@dataclass(frozen=True)
class Step:
    """One thing to do to one object."""

    address: Address
    verb: Verb
    changes: tuple[Change, ...]
    """The entries of the plan that this step carries out, wholly or in part."""
    id: str | None = None
    """The live object as planned: what is updated or removed."""

    def __hash__(self) -> int:
        return hash((self.address, self.verb, self.id))

    @property
    def creates(self) -> bool:
        """Whether a new live object is made."""
        return self.verb == "write" and any(change.action in CREATES for change in self.changes)


def lower(planned: Planned) -> dict[Step, set[Step]]:
    """The steps of a plan, in its order, each with the steps it waits for."""
    steps = list(_steps(planned))
    by_address: dict[str, list[Step]] = defaultdict(list)
    for step in steps:
        by_address[str(step.address)].append(step)
    needs = {step: _needs(planned, step, by_address) - {step} for step in steps}
    return needs | _files_first(planned, by_address)


def _files_first(planned: Planned, by_address: Mapping[str, list[Step]]) -> dict[Step, set[Step]]:
    """What stays as nobody's: files before the store that holds them. Killed in between, the store still tells that
    they are not to be deleted.
    """
    found: dict[Step, set[Step]] = {}
    for address, files in given_up(planned.inputs, planned.matched).items():
        held = {step for file in files for step in by_address.get(str(file), ())}
        found.update((step, set()) for step in held)
        found.update((step, held) for step in by_address.get(str(address), ()))
    return found


def _steps(planned: Planned) -> Iterator[Step]:
    """What is asked for twice, as an edit and as drift, is done once."""
    changes: dict[tuple[Address, Verb, str | None], list[Change]] = defaultdict(list)
    for change in planned.plan.work:
        address = Address.parse(change.address)
        for verb in VERBS.get(change.action, ()):
            id_ = _live_id(planned, address) if verb == "write" else change.id
            changes[address, verb, id_].append(change)
    return (Step(address, verb, tuple(group), id_) for (address, verb, id_), group in changes.items())


def _live_id(planned: Planned, address: Address) -> str | None:
    live = planned.matched.live.get(address)
    return live.id if live else None


def _needs(planned: Planned, step: Step, by_address: Mapping[str, list[Step]]) -> set[Step]:
    if step.verb in {"write", "publish"}:
        written = set(_written(by_address, [*_parts(planned, step), step.address]))
        # The bundle of an agent holds the agent itself, which waits for nothing that is published of it.
        return {other for other in written if (other.address, other.verb) != (step.address, "publish")}
    return set(_let_go(planned, step, by_address))


def _parts(planned: Planned, step: Step) -> list[Address]:
    """What must be there before `step`: what the object refers to, and what its bundle holds.

    A draft does not wait for the release that is published under the same name. A release waits for the working objects
    that it is a copy of: what is not applied is not released.
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


def _let_go(planned: Planned, step: Step, by_address: Mapping[str, list[Step]]) -> Iterator[Step]:
    """Every step after which nobody points at the object any more."""
    edges = [
        *planned.before.referrers.get(step.address, ()),
        *planned.after.referrers.get(step.address, ()),
    ]
    for source in dict.fromkeys(edge.source for edge in edges):
        yield from by_address.get(str(source), ())
    yield from _written(by_address, [step.address])
    yield from (other for other in by_address.get(str(step.address), ()) if other.verb == "publish")
    if step.verb == "remove":
        yield from _forgotten(planned, step, by_address)


def _forgotten(planned: Planned, step: Step, by_address: Mapping[str, list[Step]]) -> Iterator[Step]:
    """The steps by which other addresses let go of a shared upload: the last address deletes it."""
    for address in planned.matched.addresses.get(step.id or "", ()):
        yield from (other for other in by_address.get(str(address), ()) if other.verb == "forget")
