"""The environments of a project for its estate: the one of the command as it is live, the others from their states."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.operations.plan import Observed
from reconciler.project.all_environments import AllEnvironments
from reconciler.project.estate import EstateEnvironment
from reconciler.project.loading import load_project
from reconciler.project.status import last_apply
from reconciler.project.workspace import Workspace
from reconciler.resources.address import Address, Identity
from reconciler.resources.problems import ReconcilerError
from reconciler.resources.values import Fields
from reconciler.state.backend import Backend

if TYPE_CHECKING:
    from reconciler.manifests import Loaded


@dataclass(frozen=True)
class EnvironmentFields:
    """One environment with the fields of its objects by address."""

    seen: EstateEnvironment
    fields: Mapping[Address, Fields]


def environments_of(workspace: Workspace, observed: Observed) -> Iterator[EnvironmentFields]:
    """Yield every environment: the one of the command from what is live, the others from their states."""
    here = workspace.identity
    for name in tuple(workspace.loaded.project.spec.environments) or (None,):
        if name == here.environment:
            live = {address: one.fields for address, one in observed.planned.matched.live.items()}
            state = observed.snapshot.state
            yield EnvironmentFields(EstateEnvironment(name, "live", "", last_apply(state), len(live)), live)
        else:
            yield _from_state(workspace, name)


def _from_state(workspace: Workspace, name: str | None) -> EnvironmentFields:
    backend = Backend(workspace.backend.store, Identity(workspace.identity.project, name))
    try:
        state = backend.read().state
    except ReconcilerError as error:
        return EnvironmentFields(EstateEnvironment(name, "unread", error.problems[0].message), {})
    fields = {address: applied.fields for address, applied in state.objects.items()}
    return EnvironmentFields(EstateEnvironment(name, "state", "", last_apply(state), len(fields)), fields)


def manifests_of_all(workspace: Workspace) -> tuple[AllEnvironments, dict[str, str]]:
    """Return the manifests of all environments, and the errors of those that could not be loaded."""
    loads: list[Loaded] = []
    failed: dict[str, str] = {}
    for name in tuple(workspace.loaded.project.spec.environments) or (None,):
        if name in (None, workspace.identity.environment):
            loads.append(workspace.loaded)
            continue
        loaded = load_project(workspace.root, workspace.environ, env=name)
        error = next((problem for problem in loaded.problems if problem.severity == "error"), None)
        if error is None:
            loads.append(loaded)
        else:
            failed[name] = error.message
    return AllEnvironments(tuple(loads)), failed


def unread_of(
    workspace: Workspace, environments: Iterable[EnvironmentFields], unloaded: Mapping[str, str]
) -> Iterator[str]:
    """Yield sentences about everything that was not looked at. `unloaded` are errors of manifests by environment."""
    here = workspace.identity.environment
    others = [one.seen for one in environments if one.seen.name != here]
    read = [str(one.name) for one in others if one.source == "state"]
    if read:
        yield (
            f"Of {', '.join(read)}, only the state was read: what it shows is as last applied there. Live objects, and "
            "changes made outside Reconciler there, were not looked at."
        )
    for one in others:
        if one.source == "unread":
            yield f"The state of {one.name} could not be read: {one.problem}"
    for name, message in unloaded.items():
        yield f"The manifests for {name} have an error, so that blockers of archiving there are not known: {message}"
    yield (
        "Archiving is checked against the manifests of all environments. Automations, sessions and objects of others "
        "at OpenAI are only shown if the plan listed them; the plan of the removal lists them all."
    )
    yield "Costs are those of vector storage. The tokens and tool calls of conversations are not known to Reconciler."
