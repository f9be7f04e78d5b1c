"""`rollback` and `ci rollback`: publish another release immediately, without any other pending change."""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from reconciler.applying.model import ApplyResult
from reconciler.manifests import find_project
from reconciler.manifests.editing.documents import source_of
from reconciler.operations.plan import make_plan, planned
from reconciler.operations.run import Progress, confirmed
from reconciler.planning.model import Plan
from reconciler.project.all_environments import AllEnvironments, load_all_environments, unknown
from reconciler.project.connection import connected, run_async
from reconciler.project.edits import write
from reconciler.project.endpoint import choose
from reconciler.project.loading import load_each
from reconciler.project.workspace import Workspace, raise_errors
from reconciler.releases.model import Rollback
from reconciler.releases.pointer import chosen, moves_to, published_numbers, publishing, runners
from reconciler.releases.publish import publication, release_of
from reconciler.releases.rollback_candidates import Candidates, Default
from reconciler.resources.address import Address, release_number
from reconciler.resources.base import Resource
from reconciler.resources.problems import Place, Problem, ReconcilerError
from reconciler.resources.registry import resource_types
from reconciler.resources.values import references_in
from reconciler.review.pointer_plan import concerning, pointer_only
from reconciler.review.reviewed_changes import rollback_branch
from reconciler.state.model import State
from reconciler.state.publications import interrupted_rollback, published_in


def rollback(
    start: Path, environ: Mapping[str, str], chatbot: str, number: int, *, env: str | None, endpoint: str | None
) -> Plan:
    """Return a plan that only moves the pointer to release `number`, and what runs the chatbot with it, and edit the
    manifest so that it publishes it.

    Other pending changes and drift are not part of the plan, except of the objects that run the chatbot, and of what
    these need: an object is written as a whole. Raises ReconcilerError if an object of the release is
    missing, expired or changed. In this case, and if the plan is refused, nothing is edited.
    """
    folder = find_project(start)
    project, env = load_all_environments(folder, environ), env or environ.get("RECONCILER_ENV") or None
    (environment,) = _one(project, chosen(project, env))
    _, edit = publication(project, chatbot, number, environment)
    address, release = Address("chatbot", chatbot), project.releases_of(chatbot)[number].address
    workspace = _workspace(project, environment, environ, endpoint)
    state = workspace.backend.read().state
    found = project.named(address)
    Candidates(project, found, workspace, state, "ci rollback", " --out FILE").check(number)
    edited = {} if edit.after is None else {edit.path: edit.after}
    now = planned(start, environ, env, endpoint, on_drift="keep", targets=[address, release], edited=edited)
    if now.plan.refusals:
        return now.plan
    plan = pointer_only(now, address, release)
    write(project.root, [edit])
    return plan


def check_rollback(
    start: Path, environ: Mapping[str, str], chatbot: str, number: int | None, *, env: str | None, endpoint: str | None
) -> None:
    """Raise ReconcilerError if the environment, the chatbot or the release of a rollback is not named or not known."""
    _prepared(start, environ, chatbot, number, env, endpoint)


def roll_back(
    start: Path,
    environ: Mapping[str, str],
    chatbot: str,
    number: int | None,
    *,
    env: str | None,
    endpoint: str | None,
    announce: Callable[[Rollback], None],
    confirm: Callable[[Plan], bool] | None,
    listen: Callable[[int], AbstractContextManager[Progress]],
    resume: Callable[[Rollback], str],
) -> tuple[Rollback, ApplyResult | Plan]:
    """Publish release `number` of a chatbot, without editing its manifest; without a number, the release that was
    published before the present one. Returns the plan if it is refused or not confirmed, or without `confirm`.

    `announce` is called with the choice before the plan is made; `resume` returns the command that completes an
    interrupted run. Errors of manifests are ignored, unless the rollback uses these manifests: of the release, the
    chatbot, and the objects that run it.
    """
    prepare = partial(_prepared, start, environ, chatbot, number, env, endpoint)
    prepared = prepare()
    if confirm and prepared.workspace.backend.wait_until_free():
        prepared = prepare()  # the other run may have published another release
    workspace, choice = prepared.workspace, prepared.choice
    announce(choice)

    async def run() -> ApplyResult | Plan:
        async with connected(workspace) as connection:
            targets = [prepared.chatbot, prepared.release]
            observed = await make_plan(
                workspace, connection, on_drift="keep", targets=targets, applies=confirm is not None
            )
            now = replace(observed.planned, plan=concerning(observed.planned, *targets))
            plan = now.plan if now.plan.refusals else pointer_only(now, *targets)
            observed = replace(observed, planned=replace(now, plan=plan))
            if confirm is None or plan.refusals:
                return plan
            return await confirmed(workspace, connection, observed, confirm, listen, resume(choice))

    return choice, run_async(run())


@dataclass(frozen=True)
class _Prepared:
    """A rollback, and the manifests as if they published its release."""

    workspace: Workspace
    choice: Rollback
    chatbot: Address
    release: Address


def _prepared(
    start: Path, environ: Mapping[str, str], chatbot: str, number: int | None, env: str | None, endpoint: str | None
) -> _Prepared:
    folder = find_project(start)
    project = AllEnvironments(load_each(folder, environ))
    (environment,) = _one(project, chosen(project, env or environ.get("RECONCILER_ENV") or None))
    address = Address("chatbot", chatbot)
    if len(project.in_each(address)) < len(project.loads):
        raise_errors(project.problems())
        raise ReconcilerError(unknown(address, project.resources))
    found = project.named(address)
    project_problems = [one for one in project.problems() if one.place is None or one.place.file == _file(project)]
    raise_errors(project_problems)
    workspace = _workspace(project, environment, environ, endpoint)
    state = workspace.backend.read().state
    candidates = Candidates(project, found, workspace, state)
    entry = candidates.entry
    interrupted = interrupted_rollback(state, entry) if entry and number is None else None
    named = release_number(interrupted) if interrupted else number
    default = candidates.before() if named is None else Default(named)
    if default.number not in project.releases_of(chatbot):
        raise_errors(project.problems())
    release = release_of(project, found, default.number)
    candidates.check(default.number)
    errors = _others(project, [found, release, *runners(project, found)])
    if errors:
        _check_runners(project, chatbot, state, errors)
    moves = moves_to(project, found, release, [environment])
    before = published_numbers(project, found)
    after = before | {move.environment: move.after for move in moves}
    current = published_in(entry) if entry else None
    choice = Rollback(
        chatbot=chatbot,
        environment=environment,
        branch=rollback_branch(str(workspace.identity), chatbot),
        file=found.place.file,
        before=release_number(current) if current else None,
        number=default.number,
        is_default=number is None,
        is_resumed=interrupted is not None,
        archived=default.archived,
        unpublishable=default.unpublishable,
        in_manifest=before[environment],
        left_out=default.leaving,
        leaving=candidates.lacking.get(default.number),
        errors=errors,
    )
    workspace = replace(workspace, loaded=publishing(workspace.loaded, address, after))
    return _Prepared(workspace, choice, address, release.address)


def _one(project: AllEnvironments, environments: tuple[str | None, ...]) -> tuple[str | None, ...]:
    """Return the only environment; raises ReconcilerError if there are several, of which one must be named."""
    if len(environments) > 1:
        project.check_environment(None)
    return environments


def _workspace(
    project: AllEnvironments, environment: str | None, environ: Mapping[str, str], endpoint: str | None
) -> Workspace:
    """Return the workspace of one environment of the project."""
    loaded = next(one for one in project.loads if one.project.identity.environment == environment)
    return Workspace(loaded, choose(loaded.project, endpoint, environ), environ)


def _file(project: AllEnvironments) -> str:
    return project.project.where(("spec",)).file


def _others(project: AllEnvironments, used: Collection[Resource]) -> tuple[Problem, ...]:
    """Return the errors of manifests that are not `used`; raises ReconcilerError if one of these has an error."""
    errors = tuple(one for one in project.problems() if one.severity == "error")
    documents = [source_of(project.project, one).document for one in used] if errors else []
    spans = [(one.file, one.line, one.line + one.source.count("\n") + 1) for one in documents]

    def concerns(place: Place | None) -> bool:
        return place is None or any(place.file == file and first < place.line <= last for file, first, last in spans)

    if any(concerns(one.place) for one in errors):
        raise ReconcilerError(*errors)
    return errors


def _check_runners(project: AllEnvironments, chatbot: str, state: State, errors: Collection[Problem]) -> None:
    """Raise ReconcilerError if an object that runs the chatbot has no manifest, which one of the errors may hide."""
    names = project.names_of(chatbot)
    for address, applied in state.objects.items():
        if address not in project.resources and resource_types()[applied.type].suspended:
            releases = (Address.parse(text).release for text in references_in(dict(applied.fields)))
            if any(release and release.family.name in names for release in releases):
                raise ReconcilerError(*errors)
