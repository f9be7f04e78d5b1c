"""Environments to destroy, also those that project.yaml does not have any longer, and the check of destroyed ones."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Final

from reconciler.manifests import Loaded, find_project
from reconciler.planning.consents import consent_manifests
from reconciler.planning.inputs import DestroyedManifests
from reconciler.project.endpoint import choose
from reconciler.project.loading import load_project
from reconciler.project.workspace import Workspace, raise_errors
from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Resource
from reconciler.resources.display import moment
from reconciler.resources.name_lists import did_you_mean
from reconciler.resources.problems import Place, Problem, ReconcilerError
from reconciler.resources.registry import resource_types
from reconciler.resources.values import references_in
from reconciler.state.backend import environments_in
from reconciler.state.model import Destruction, State

_HINT: Final = "To apply its manifests again, run `{undo}`. Otherwise, remove {what} from `spec.environments`."


class DestroyedError(ReconcilerError):
    """The environment was destroyed, and nothing is applied to it."""

    exit_code = 3

    def __init__(self, state: State, mark: Destruction) -> None:
        super().__init__(destroyed_problem(state.identity, mark))
        self.state, self.mark = state, mark


def open_to_destroy(
    start: Path, environ: Mapping[str, str], *, env: str | None = None, endpoint: str | None = None
) -> Workspace:
    """Open the project at or above `start` for a plan that removes everything.

    The environment may be one that project.yaml does not have any longer: its manifests may then have errors, such as
    missing variables, and every chatbot counts as published. Raises ReconcilerError for an environment that has no
    state, either.
    """
    loaded = load_project(find_project(start), environ, env=env or environ.get("RECONCILER_ENV") or None, removed=True)
    project = loaded.project
    is_removed = (project.identity.environment or "") not in {"", *project.spec.environments}
    raise_errors(problem for problem in loaded.problems if not is_removed or _is_of(problem, project.place))
    kept = replace(loaded, resources=consent_manifests(loaded.resources), dangling=())
    known = _manifests(loaded, is_removed=is_removed)
    if not is_removed:
        types = (loaded.types_of(resource) for resource in loaded.resources)
        known = replace(known, types=frozenset(chain.from_iterable(types)))
    workspace = Workspace(kept, choose(project, endpoint, environ), environ, known)
    if is_removed:
        _check_known(workspace)
    return workspace


def open_to_undo(start: Path, environ: Mapping[str, str], *, env: str | None = None) -> Workspace:
    """Open the project at or above `start`, whatever errors its manifests have, to edit the mark of its state.

    Raises ReconcilerError for errors of project.yaml, which names the state, and for an environment that has none.
    """
    loaded = load_project(find_project(start), environ, env=env or environ.get("RECONCILER_ENV") or None, removed=True)
    project = loaded.project
    raise_errors(problem for problem in loaded.problems if _is_of(problem, project.place))
    workspace = Workspace(loaded, choose(project, None, environ), environ)
    if (project.identity.environment or "") not in {"", *project.spec.environments}:
        _check_known(workspace)
    return workspace


def _is_of(problem: Problem, place: Place) -> bool:
    return problem.place is None or problem.place.file == place.file


def _manifests(loaded: Loaded, *, is_removed: bool) -> DestroyedManifests:
    """Return the properties of the manifests that a plan without them must still respect."""
    return DestroyedManifests(
        published=_having(one for one in loaded.resources if _publishes(one, loaded)),
        protected=_having(one for one in loaded.resources if one.lifecycle.protect),
        kept=_having(one for one in loaded.resources if one.lifecycle.keep_on_delete),
        is_removed=is_removed,
    )


def silent(loaded: Loaded) -> frozenset[Address]:
    """Return the chatbots whose manifests publish no release."""
    kinds = {one.address_kind for one in resource_types().values() if one.pointers}
    return _having(one for one in loaded.resources if one.address.kind in kinds and not _publishes(one, loaded))


def _publishes(resource: Resource, loaded: Loaded) -> bool:
    """Return True if a manifest publishes a release."""
    pointers = {one.address_kind: one.pointers for one in resource_types().values() if one.pointers}
    if resource.address.kind not in pointers:
        return False
    names = pointers[resource.address.kind]
    wanted = loaded.desired_of(resource)
    return any(list(references_in(one.fields.get(name))) for one in wanted for name in names)


def _having(resources: Iterable[Resource]) -> frozenset[Address]:
    return frozenset(name for resource in resources for name in _names(resource))


def _names(resource: Resource) -> Iterator[Address]:
    yield resource.address
    yield from (Address(resource.address.kind, former) for former in resource.lifecycle.moved_from)


def _check_known(workspace: Workspace) -> None:
    identity, spec = workspace.identity, workspace.loaded.project.spec
    if workspace.backend.read().run:
        return
    with_state = environments_in(workspace.backend.store, identity.project)
    known = sorted({*spec.environments, *with_state})
    message = f"the environment {identity.environment} does not exist, and has no state"
    listed = f"Environments of the project, and those with a state: {', '.join(known) or 'none'}."
    meant = did_you_mean(identity.environment or "", known)
    hint = f"{meant[:1].upper()}{meant[1:]} {listed}" if meant else listed
    raise ReconcilerError(Problem("unknown-environment", message, hint=hint))


def check_not_destroyed(workspace: Workspace, state: State) -> None:
    """Raise DestroyedError if an environment is destroyed, or is being destroyed, unless the command destroys it."""
    if state.destruction is not None and workspace.destroys is None:
        raise DestroyedError(state, state.destruction)


def check_publishable(workspaces: Iterable[Workspace], release: Address | None = None) -> None:
    """Raise DestroyedError if one of the environments between which releases are published is destroyed, and
    ReconcilerError if the state of one has the release as archived, which no plan restores.

    Commands that only edit manifests work without access to the state. The next plan then checks it.
    """
    for workspace in workspaces:
        state = None
        with suppress(ReconcilerError):
            state = workspace.backend.read().state
        if state is not None:
            check_not_destroyed(workspace, state)
        if state is not None and release in state.tombstones:
            message = f"{release} is archived in the state of {workspace.identity}, and not restored"
            again = f"reconciler release {release.family.name} --allow-unchanged"
            hint = f"Publish another release. To create one of the present manifests, run `{again}`."
            raise ReconcilerError(Problem("archived-release", message, hint=hint))


def destroyed_problem(identity: Identity, mark: Destruction) -> Problem:
    """Return the problem of a command that would write to a destroyed environment."""
    undo = _command(identity, undo=True)
    what = f"`{identity.environment}`" if identity.environment else "it"
    if mark.finished is None:
        message = (
            f"{identity} is being destroyed: {mark.holder} began it on {moment(mark.started)}, and it is not complete"
        )
        hint = f"To complete it, run `{_command(identity)}`. To apply the manifests again instead, run `{undo}`."
        return Problem("destroyed", message, hint=hint)
    message = f"{identity} was destroyed by {mark.holder} on {moment(mark.finished)}"
    if not identity.environment:
        return Problem("destroyed", message, hint=f"To apply its manifests again, run `{undo}`.")
    return Problem("destroyed", message, hint=_HINT.format(undo=undo, what=what))


def _command(identity: Identity, *, undo: bool = False) -> str:
    environment = f" --env {identity.environment}" if identity.environment else ""
    return f"reconciler destroy{' --undo' if undo else ''}{environment}"
