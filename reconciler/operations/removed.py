"""Outlets and environments that project.yaml no longer names, as the state and the outlets have them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain

from reconciler.bundles.publish import identities_in, published_by, read_all
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.published import BUNDLE
from reconciler.planning.reasons import Notice
from reconciler.project.outlets import recorded_outlet
from reconciler.project.workspace import Workspace
from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Live, Unlisted
from reconciler.resources.problems import Problem, ReconcilerError, command_text, reason
from reconciler.resources.registry import outlet_types, resource_types
from reconciler.state.backend import Backend, identities_with_state
from reconciler.state.codec import MovedError
from reconciler.state.model import Snapshot, State


@dataclass(frozen=True)
class OutletReferences:
    """Documents in removed outlets that have ids of our objects."""

    documents: Mapping[str, Sequence[Live]] = field(default_factory=dict)
    """By outlet."""
    unreadable: tuple[Unlisted, ...] = ()
    """Outlets that cannot be read."""


@dataclass(frozen=True)
class Left:
    """Identities of the project whose states have objects, and which project.yaml does not have."""

    warnings: tuple[Notice, ...] = ()
    undivided: Identity | None = None
    """The project without an environment, from before it had any."""
    removed: tuple[Identity, ...] = ()
    """Environments that were removed, and whose objects the identity to plan would create a second time."""


def removed_identities(workspace: Workspace, snapshot: Snapshot) -> Iterator[tuple[Identity, frozenset[Address]]]:
    """Yield the identities that the project had and does not have any longer, if they publish something or have objects
    in their states, each with the names that applications load.

    An identity that was never applied has no record of them. If another identity in the same place publishes the same
    names, the project had its name before. Once another environment of the project is applied, its plan has said so.
    """
    own, spec, outlet = workspace.identity, workspace.loaded.project.spec, workspace.built_in_outlet
    if snapshot.run:
        recorded = snapshot.state.environments or ()
        gone = [Identity(own.project, name) for name in recorded if name not in spec.environments]
        found = {identity: published_by(outlet, identity) for identity in gone}
    else:
        present = {own, *(Identity(own.project, name) for name in spec.environments)}
        others = {one: published_by(outlet, one) for one in identities_in(outlet) if one not in present}
        found = {one: names for one, names in others.items() if names & workspace.desired.keys()}
        former = {one for one in found if one.project != own.project or not one.environment}
        if former and any(_is_applied(workspace, one) for one in present - {own}):
            found = {one: names for one, names in found.items() if one not in former}
    for identity, names in found.items():
        if names or _has_objects(workspace, identity):
            yield identity, names


def _is_applied(workspace: Workspace, identity: Identity) -> bool:
    """Return True if another identity was applied, and is not destroyed."""
    with suppress(ReconcilerError):
        snapshot = Backend(workspace.backend.store, identity).read_latest()
        return bool(snapshot.run) and snapshot.state.destruction is None
    return False


def _has_objects(workspace: Workspace, identity: Identity) -> bool:
    """Return True if the state of another identity has objects, and was not moved to another backend."""
    with suppress(MovedError):
        return bool(Backend(workspace.backend.store, identity).read_latest().state.objects)
    return False


def environments_left(workspace: Workspace, snapshot: Snapshot) -> Left:
    """Return the environments that project.yaml does not have and whose state has objects, and the state that the
    project has from before it had environments.

    One list of the names in the state, and a read of each such state. A state that is not readable with these
    credentials, or that was moved to another backend, is left out.

    Raises ReconcilerError if there is one and the only environment of the project was not named: a command that had to
    name one of several must not select another one silently, because an edit of project.yaml removed the rest.
    """
    left, present = list(_left(workspace)), workspace.identity.environment
    removed = [one.identity.environment for one in left if one.identity.environment]
    if removed and present and workspace.is_implied:
        names = ", ".join(f"`{name}`" for name in removed)
        message = f"`{present}` is the only environment of this project, but the state also has objects of {names}"
        destroy = ", ".join(f"`{command_text(one, 'destroy')}`" for one in removed)
        hint = (
            f"choose `{present}` with `--env {present}` or `RECONCILER_ENV`; to need neither, remove the other "
            f"objects: {destroy}"
        )
        place = workspace.loaded.project.where(("spec", "environments"))
        raise ReconcilerError(Problem("environment-required", message, place, hint))
    twice = (one.identity for one in left if one.identity.environment and _is_former(one, workspace, snapshot))
    return Left(
        tuple(map(_notice, left)),
        next((one.identity for one in left if not one.identity.environment), None),
        tuple(twice),
    )


def _notice(left: State) -> Notice:
    return Notice("environment-left", {"identity": str(left.identity), "environment": left.identity.environment})


def _is_former(left: State, workspace: Workspace, snapshot: Snapshot) -> bool:
    """Return True if the identity to plan would create what a removed environment manages: the project has no
    environments any longer, or this one is new, and was not beside the removed one, which may have been renamed.
    """
    environment = workspace.identity.environment
    return environment is None or (not snapshot.run and environment not in (left.environments or ()))


def _left(workspace: Workspace) -> Iterator[State]:
    identity, project = workspace.identity, workspace.identity.project
    present = {identity, *(Identity(project, name) for name in workspace.loaded.project.spec.environments or (None,))}
    with suppress(ReconcilerError):
        for other in sorted(identities_with_state(workspace.backend.store, project) - present):
            with suppress(ReconcilerError):
                state = Backend(workspace.backend.store, other).read_latest().state
                is_destroyed = state.destruction is not None and state.destruction.finished is not None
                if state.objects and not is_destroyed:
                    yield state


def outlet_references(workspace: Workspace, inputs: PlanInputs, ids: Mapping[str, Collection[str]]) -> OutletReferences:
    """Return the documents in removed outlets that have one of these ids, which are given by type.

    No run writes such an outlet any longer, but applications may load from it until its removal is applied.
    """
    wanted = frozenset(chain.from_iterable(ids.values()))
    documents: dict[str, Sequence[Live]] = {}
    unreadable: list[Unlisted] = []
    for name in inputs.removed_outlets if wanted else ():
        try:
            documents[name] = list(_referring(workspace, name, wanted))
        except (OSError, ReconcilerError) as error:
            message = reason(error) if isinstance(error, OSError) else error.problems[0].message
            refers = frozenset(resource_types()) - outlet_types()
            unreadable.append(Unlisted(BUNDLE, refers, f"the removed outlet {name}", "", message))
    return OutletReferences({name: found for name, found in documents.items() if found}, tuple(unreadable))


def _referring(workspace: Workspace, name: str, wanted: Collection[str]) -> Iterator[Live]:
    for address, published in read_all(recorded_outlet(workspace.loaded.project, name), workspace.identity).items():
        held = sorted(set(published.pointer.ids.values()).intersection(wanted)) if published.pointer else ()
        if held:
            yield Live(BUNDLE, f"{name}: {address}", {}, name=str(address), refers_to=tuple(held))
