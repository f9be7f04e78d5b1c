"""`rollback` and `ci rollback`: publish another release immediately, without any other pending change."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Final

from reconciler.applying.model import ApplyResult
from reconciler.applying.steps import lower
from reconciler.manifests import find_project, load
from reconciler.manifests.editing.documents import source_of
from reconciler.operations.plan import make_plan
from reconciler.operations.run import Progress, confirmed, planned
from reconciler.planning.build import Planned
from reconciler.planning.consents import PROJECT
from reconciler.planning.model import Change, Plan
from reconciler.planning.requests import requests
from reconciler.project.all_environments import AllEnvironments, load_all_environments, load_each, unknown
from reconciler.project.connection import connected
from reconciler.project.edits import write
from reconciler.project.endpoint import choose, run_async
from reconciler.project.workspace import Workspace, raise_errors
from reconciler.releases.model import Rollback
from reconciler.releases.pointer import chosen, moves_to, published_numbers, publishing, runners, unpublishable
from reconciler.releases.publish import publication, release_of
from reconciler.resources.address import RELEASE, Address, release_number
from reconciler.resources.base import Applied, Resource
from reconciler.resources.problems import Place, Problem, ReconcilerError, command_text, env_option
from reconciler.resources.registry import resource_types
from reconciler.resources.values import references_in
from reconciler.review.approval import contents, without
from reconciler.review.reviewed_changes import rollback_branch
from reconciler.state.model import State
from reconciler.state.publications import interrupted_rollback, published_in

_OF_OTHER_CHANGES: Final = ("threshold", "cost")
"""Rules that refuse the deletes and the new storage of a plan. A rollback has neither."""


def rollback(
    start: Path, environ: Mapping[str, str], chatbot: str, number: int, *, env: str | None, endpoint: str | None
) -> Plan:
    """Return a plan that only moves the pointer to release `number`, and what runs the chatbot with it, and edit the
    manifest so that it publishes it.

    Other pending changes and drift are not part of the plan, except of the objects that run the chatbot, and of what
    these need: an object is written as a whole. Raises ReconcilerError if an object of the release is
    missing, expired or changed. In this case, and if the plan is refused, nothing is edited.
    """
    project = load_all_environments(find_project(start))
    _, edit = publication(project, chatbot, number, env or environ.get("RECONCILER_ENV") or None)
    address, release = Address("chatbot", chatbot), project.releases_of(chatbot)[number].address
    edited = {} if edit.after is None else {edit.path: edit.after}
    now = planned(start, environ, env, endpoint, on_drift="keep", targets=[address, release], edited=edited)
    if now.plan.refusals:
        return now.plan
    plan = _pointer_only(now, address, release)
    write(project.root, [edit])
    return plan


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
    prepare = partial(
        _prepared, start, environ, chatbot, number, env or environ.get("RECONCILER_ENV") or None, endpoint
    )
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
            now = replace(observed.planned, plan=_concerning(observed.planned, *targets))
            plan = now.plan if now.plan.refusals else _pointer_only(now, *targets)
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
    project = load_each(folder)
    (environment,) = _one(folder, chosen(project, env))
    index = [loaded.project.identity.environment for loaded in project.loads].index(environment)
    address = Address("chatbot", chatbot)
    if len(project.in_each(address)) < len(project.loads):
        raise_errors(project.problems())
        raise ReconcilerError(unknown(address, project.resources))
    found, loaded = project.named(address), project.loads[index]
    project_problems = [one for one in project.problems() if one.place is None or one.place.file == _file(project)]
    raise_errors(project_problems)
    workspace = Workspace(loaded, choose(loaded.project, endpoint, environ), environ)
    state = workspace.backend.read().state
    usable = _Usable(project, found, workspace, state)
    entry = usable.entry
    archived: tuple[int, ...] = ()
    unusable: tuple[Problem, ...] = ()
    is_default = number is None
    interrupted = interrupted_rollback(state, entry) if entry and is_default else None
    if interrupted:
        number = release_number(interrupted)
    if number is None:
        number, archived, unusable = usable.before()
    if number not in project.releases_of(chatbot):
        raise_errors(project.problems())
    release = release_of(project, found, number)
    usable.check(number)
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
        number=number,
        is_default=is_default,
        is_resumed=interrupted is not None,
        archived=archived,
        unpublishable=unusable,
        in_manifest=before[environment],
        errors=errors,
    )
    workspace = replace(workspace, loaded=publishing(loaded, address, after))
    return _Prepared(workspace, choice, address, release.address)


def _one(folder: Path, environments: tuple[str | None, ...]) -> tuple[str | None, ...]:
    """Return the only environment; raises ReconcilerError if there are several, of which one must be named."""
    if len(environments) > 1:
        raise ReconcilerError(*(one for one in load(folder, env=None).problems if one.code == "environment-required"))
    return environments


def _file(project: AllEnvironments) -> str:
    return project.project.where(("spec",)).file


@dataclass(frozen=True)
class _Usable:
    """The releases of a chatbot that a rollback can publish, and why it cannot publish others."""

    project: AllEnvironments
    chatbot: Resource
    workspace: Workspace
    state: State

    @property
    def entry(self) -> Applied | None:
        names = self.project.names_of(self.chatbot.address.name)
        found = (self.state.objects.get(Address(self.chatbot.address.kind, name)) for name in names)
        return next(filter(None, found), None)

    @cached_property
    def archived(self) -> set[int]:
        """The numbers that are archived by the manifest, or in the state, which an apply archived for another reason:
        a removed assistant, or `releases.keep`.
        """
        return {number for number, one in self._releases.items() if one.spec.archived} | self._among(
            self.state.tombstones
        )

    @cached_property
    def _releases(self) -> dict[int, Resource]:
        return self.project.releases_of(self.chatbot.address.name)

    @cached_property
    def _live(self) -> set[int]:
        return self._among(self.state.objects)

    def _among(self, addresses: Iterable[Address]) -> set[int]:
        names = self.project.names_of(self.chatbot.address.name)
        return {release_number(one) for one in addresses if one.kind == RELEASE and one.family.name in names}

    def faults(self, number: int) -> list[Problem]:
        """Return why a release that is not archived cannot be published; empty if it can."""
        release = self._releases[number]
        if number not in self._live:
            return [Problem("dead-release", f"{release.address} is not live", release.place)]
        return unpublishable(self.project, self.chatbot, release, [self.workspace.identity.environment])

    def check(self, number: int) -> None:
        """Raise ReconcilerError if the state has release `number` as archived."""
        release = self._releases.get(number)
        if release and number in self.archived and not release.spec.archived:
            message = f"{release.address} is archived in the state of {self.workspace.identity}, and not restored"
            raise ReconcilerError(Problem("archived-release", message, release.place, self._hint()))

    def before(self) -> tuple[int, tuple[int, ...], tuple[Problem, ...]]:
        """Return the release that was published before the present one, and those between them that cannot be published
        again: the archived ones, and the reasons for others.

        The state is read, and not the outlets: a rollback that is interrupted before the state has it, and is repeated,
        has the same default.
        """
        archived: list[int] = []
        others: list[Problem] = []
        for release in reversed(self.entry.published_before if self.entry else ()):
            number = release_number(Address.parse(release))
            if number not in self._releases:  # an error may hide its manifest
                raise_errors(self.project.problems())
            if number in self.archived or number not in self._releases:
                archived.append(number)
            elif faults := self.faults(number):
                others += faults
            else:
                return number, tuple(archived), tuple(others)
        environment, current = self.workspace.identity.environment, self._current
        where = f" in {environment}" if environment else ""
        earlier = f"before release {current}" if current else "before"
        message = f"the state records no release of {self.chatbot.address}{where} that was published {earlier}"
        if archived:
            message += f" and is not archived: {', '.join(map(str, archived))} cannot be published again"
        message = "; ".join((message, *(one.message for one in others)))
        raise ReconcilerError(Problem("no-earlier-release", message, hint=self._hint()))

    @property
    def _current(self) -> int | None:
        current = published_in(self.entry) if self.entry else None
        return release_number(current) if current else None

    def _hint(self) -> str:
        """Return how to publish another release than the present one."""
        name, env = self.chatbot.address.name, env_option(self.workspace.identity.environment)
        open_ = [number for number in self._releases if number not in self.archived | {self._current}]
        others = [number for number in open_ if not self.faults(number)]
        if others:
            listed = ", ".join(map(str, others))
            return f"To publish another release, name it: `reconciler rollback {name} NUMBER{env}`. Releases: {listed}."
        waiting = [number for number in open_ if number not in self._live]
        if waiting:
            commands = f"`reconciler publish {name} {waiting[-1]}{env}`, then `reconciler apply{env}`"
            return f"Release {waiting[-1]} is not applied yet. To publish it: {commands}."
        return f"To create one, run `reconciler release {name}`."


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


def _pointer_only(now: Planned, chatbot: Address, release: Address) -> Plan:
    """Return the plan without all changes but those that move the pointer; raises ReconcilerError if an object of the
    release is not live as released.
    """
    problems = list(_unusable(now, release))
    if problems:
        raise ReconcilerError(*problems)
    return _reduced(now, chatbot)


def _concerning(now: Planned, chatbot: Address, release: Address) -> Plan:
    """Return the plan with the refusals that concern a rollback: of the changes that move the pointer, of the objects
    of the release, and of the project as a whole. If there are any, the plan has no other changes.
    """
    kept = {change.address for change in _moving(now, chatbot)} | _parts(now, release)
    refusals = tuple(
        one
        for one in now.plan.refusals
        if one.address in kept or (one.address.startswith(PROJECT) and one.rule not in _OF_OTHER_CHANGES)
    )
    plan = replace(now.plan, refusals=refusals)
    return _reduced(replace(now, plan=plan), chatbot) if refusals else plan


def _reduced(now: Planned, chatbot: Address) -> Plan:
    """Return the plan without all changes but those that move the pointer."""
    kept = {change.digest: change for change in _moving(now, chatbot)}
    plan = without(now.plan, {change.digest for change in now.plan.work} - kept.keys())
    made = {(change.address, change.action) for change in kept.values()}
    risks = tuple(risk for risk in plan.risks if (risk.address, risk.action) in made)
    return replace(plan, requests=requests(now.inputs, now.matched, plan.work), risks=risks, costs=None)


def _parts(now: Planned, release: Address) -> set[str]:
    """Return the addresses of a release and of all objects that it consists of."""
    known = now.inputs.releases.get(release)
    return {str(release), *contents(now, str(release)), *map(str, known.parts if known else ())}


def _moving(now: Planned, chatbot: Address) -> Iterator[Change]:
    """Yield the changes that move the pointer of a chatbot, that move live objects which run it, and that these need.
    One that is not live yet runs nothing that could be rolled back.
    """
    steps = lower(now)
    users = {address for address, runner in now.inputs.runners.items() if runner.chatbot == chatbot}
    waiting = [step for step in steps if step.address in users & now.matched.live.keys() and step.verb == "write"]
    needed = {step for step in steps if (step.address, step.verb) == (chatbot, "publish")}
    while waiting:
        step = waiting.pop()
        if step not in needed and step.address != chatbot:
            needed.add(step)
            waiting.extend(steps[step])
    for step in steps:
        if step in needed:
            yield from step.changes


def _unusable(now: Planned, release: Address) -> Iterator[Problem]:
    """Return a problem for each object of the release that is not live as released. Pending edits of working objects
    that the release shares, such as a vector store with `releases: live`, are none.
    """
    parts, applied, live = _parts(now, release), now.inputs.applied, now.matched.live
    restore = command_text(now.inputs.identity.environment, "apply", "--on-drift", "revert")
    edits = (
        change
        for change in now.plan.changes
        if (address := Address.parse(change.address)).is_frozen or (address in applied and address not in live)
    )
    for change in (*edits, *now.plan.drift):
        if change.address in parts:
            message = f"{change.address}, a part of {release}, is not live as it was released"
            hint = f"Choose another release, or restore this one with: {restore}"
            yield Problem("dead-release", message, hint=hint)
