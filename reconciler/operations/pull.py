"""`pull`: copy drift into the manifests. Live objects and the state are not changed: the copied value is recorded when
the manifests are merged and applied. Until then, the drift of other branches is still drift.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Final

from reconciler.files.changes import FileChange
from reconciler.manifests import Loaded
from reconciler.manifests.editing.acceptance import accept
from reconciler.manifests.editing.naming import with_id_names
from reconciler.manifests.folder import MAX_INCLUDED, MAX_MANIFEST, locate, read_text
from reconciler.operations.drift import incomparable
from reconciler.operations.opening import opened
from reconciler.operations.plan import check_targets, make_plan
from reconciler.operations.pull_conflicts import Conflict, WorkingTree
from reconciler.operations.pull_files import pulled_files, whole_objects
from reconciler.operations.pull_result import Pulled
from reconciler.planning.build import Planned
from reconciler.planning.drift import pullable
from reconciler.planning.model import Action, Change, FieldChange, Refusal, drift_class, is_repaired, unstatable
from reconciler.planning.published import OUTLETS
from reconciler.project.connection import run_async
from reconciler.project.edits import Edit, write
from reconciler.project.loading import load_project
from reconciler.project.workspace import Workspace
from reconciler.resources.address import Address
from reconciler.resources.base import Desired, Live, Resource
from reconciler.resources.name_lists import few
from reconciler.resources.problems import Place, Problem, env_option
from reconciler.resources.registry import upload_kinds, upload_types
from reconciler.resources.values import Fields, get, put, same, strings_in

LABELS: Final = "labels"
_WITHOUT_VALUES: Final[Mapping[Action, str]] = {"create": "was deleted", "replace": "has expired or has other content"}


def pull(
    start: Path,
    environ: Mapping[str, str],
    addresses: Sequence[Address],
    *,
    env: str | None,
    endpoint: str | None,
    dry_run: bool,
    force: bool = False,
) -> Pulled | Refusal:
    """Edit the manifests of the project at or above `start` so that they match the drift of these addresses, or of all
    if none is given. With `dry_run`, no file is written; with `force`, live values also replace edits of the manifests.

    Where nothing can be compared, the refusal is returned, as in `drift`.

    Raises ReconcilerError for an address that does not exist. Drift that is not copied is reported in `problems`; the
    rest is still copied.
    """

    async def run() -> tuple[Workspace, Planned, Mapping[Address, Live]]:
        async with opened(start, environ, env=env, endpoint=endpoint) as (workspace, connection, ahead):
            observed = await make_plan(workspace, connection, on_drift="keep", ahead=ahead)
            drift = _chosen(observed.planned, addresses)
            return workspace, observed.planned, await whole_objects(observed.adapters, observed.planned, drift)

    workspace, planned, whole = run_async(run())
    if refusal := incomparable(planned):
        return refusal
    check_targets(workspace, addresses, planned.matched.live)
    pulled = accepted(workspace, planned, addresses, force=force, whole=whole)
    if not dry_run:
        write(workspace.root, pulled.edits, pulled.files)
    return pulled


def _chosen(planned: Planned, addresses: Sequence[Address]) -> list[Change]:
    """Return the drift of these addresses, or of all if none is given."""
    chosen = {str(address) for address in addresses}
    return [change for change in pullable(planned) if not chosen or change.address in chosen]


def accepted(
    workspace: Workspace,
    planned: Planned,
    addresses: Sequence[Address] = (),
    *,
    force: bool = False,
    whole: Mapping[Address, Live] | None = None,
) -> Pulled:
    """Return the edits that accept the drift of these addresses, or of all. `whole` has the objects whose files are
    pulled.
    """
    drift, chosen = _chosen(planned, addresses), {str(address) for address in addresses}
    drift, conflicts = (drift, []) if force else _without_conflicts(workspace, drift)
    contested = {conflict.address for conflict in conflicts} & {str(address) for address in whole or ()}
    drift = [change for change in drift if change.address not in contested]  # files are pulled together or not at all
    as_live = {change.address: _as_live(workspace, change) for change in drift}
    ours = planned.matched.addresses
    names = {live.id: live.name for live in planned.inputs.live if live.id not in ours}
    pulling = _Pulling(workspace, as_live, whole or {}, names)
    for address, changes in groupby(sorted(drift, key=_address), key=_address):
        pulling.pull(Address.parse(address), list(changes))
    edits = tuple(pulling.edits())
    drifted = {*map(_address, drift), *(conflict.address for conflict in conflicts)}
    silent = [f"{address}: no drift" for address in sorted(chosen - drifted)]
    asked = list(_without_content(planned, pulling.accepted))
    others = _other_environments(workspace) if edits or pulling.files else ()
    notes = (*silent, *pulling.notes, *asked, *others)
    problems = (*(conflict.problem for conflict in conflicts), *pulling.problems)
    return Pulled(
        str(workspace.identity),
        tuple(pulling.accepted),
        edits,
        tuple(pulling.files),
        tuple(conflicts),
        problems,
        notes,
        workspace.loaded.of_checkout,
    )


def _without_content(planned: Planned, accepted: Sequence[tuple[str, FieldChange]]) -> Iterator[str]:
    """Yield a note for the uploads that were copied by id and whose content OpenAI does not return, by address."""
    inputs, ours = planned.inputs, planned.matched.addresses
    others = {live.id: live for live in inputs.live if inputs.is_upload(live.type) and live.id not in ours}
    uploads = {
        id_: live for id_, live in others.items() if not inputs.resource_types[live.type].is_readable(live.detail)
    }
    found: dict[str, set[str]] = {}
    for address, item in accepted if uploads else ():
        added = {*item.keys, *strings_in(item.live)} - set(strings_in(item.desired))
        found.setdefault(address, set()).update(f"{uploads[id_].name} ({id_})" for id_ in added & uploads.keys())
    for address, names in found.items():
        if names:
            yield (
                f"{address}: OpenAI does not return the content of {', '.join(sorted(names))}. To manage it, add the "
                "original file to the project, and write its path instead of the id."
            )


def _without_conflicts(workspace: Workspace, drift: Sequence[Change]) -> tuple[list[Change], list[Conflict]]:
    """Return the drift that replaces no edit of a manifest, and the conflicts with the rest."""
    tree, resources = WorkingTree(workspace), {one.address: one for one in workspace.loaded.resources}
    kept: list[Change] = []
    conflicts: list[Conflict] = []
    for change in drift:
        address = Address.parse(change.address)
        if change.action != "update" or address not in resources:
            kept.append(change)
            continue
        lost = [item for item in change.fields if item.keys[0] != LABELS and tree.has_only_copy(address, item)]
        conflicts += [tree.conflict(resources[address], workspace.desired[address], item) for item in lost]
        fields = tuple(item for item in change.fields if item not in lost)
        kept += [replace(change, fields=fields)] if fields else []
    return kept, conflicts


@dataclass
class _Pulling:
    """Files with the edits so far. Each address is checked separately, so that a failure does not affect others."""

    workspace: Workspace
    live: Mapping[str, Fields]
    """Fields that the manifests must have in the end, by address."""
    whole: Mapping[Address, Live]
    """Objects with the contents of their files."""
    names: Mapping[str, str]
    """Names of the live objects that manifests refer to by id, by the id."""
    texts: dict[str, str] = field(default_factory=dict)
    before: dict[str, str] = field(default_factory=dict)
    """Texts of the edited files when they were read."""
    accepted: list[tuple[str, FieldChange]] = field(default_factory=list)
    files: list[FileChange] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def env(self) -> str:
        """The option of commands in hints that selects the environment."""
        return env_option(self.workspace.identity.environment)

    def pull(self, address: Address, changes: Sequence[Change]) -> None:
        resources = (one for one in self.workspace.loaded.resources if one.address == address)
        resource = next(resources, None)
        fields: list[FieldChange] = []
        for change in changes:
            if resource is None or change.action != "update" or not _has_values(change):
                self.problems.append(_not_readable(change, self.env))
            else:
                without = unstatable(change)
                self.problems += [_not_run(resource, change, self.env) for _ in without]
                fields += (item for item in change.fields if item.path not in without)
        self.problems += [_labels(resource, self.env) for item in fields if item.keys[0] == LABELS if resource]
        fields = [item for item in fields if item.keys[0] != LABELS]
        if resource and fields and address in self.whole:
            self.accept_files(resource, self.workspace.desired[address], fields)
        elif resource and fields:
            self.accept(resource, self.workspace.desired[address], fields)

    def accept_files(self, resource: Resource, desired: Desired, items: Sequence[FieldChange]) -> None:
        """Accept the drift of an object by changes of the files that it consists of."""
        scope, live = self.workspace.loaded.scope, self.whole[resource.address]
        found = pulled_files(resource, desired, scope, self.workspace.root, live, self.env)
        self.problems += found.problems
        if found.changes:
            self.files += found.changes
            self.accepted += [(str(resource.address), item) for item in items]
            self.notes += [_overwritten(resource, item) for item in items if item.origin == "both"]

    def accept(self, resource: Resource, desired: Desired, items: Sequence[FieldChange]) -> None:
        if not same(self._current.get(resource.address, {}), desired.fields):
            self.problems.append(_edited_meanwhile(resource))
            return
        unreadable = dict(_unreadable(resource, desired, _with(desired.fields, items), self.env))
        self.problems += unreadable.values()
        items = [item for item in items if item.keys[0] not in unreadable]
        if not items:
            return
        found = accept(self.workspace.loaded, resource, desired, _with(desired.fields, items), self.texts)
        self.problems += found.problems
        if not found.texts:
            return
        self.before = {path: self._text(path) for path in found.texts} | self.before
        texts = {path: with_id_names(text, self.before[path], path, self.names) for path, text in found.texts.items()}
        after = self.loaded(texts)
        now = _desired(after).get(resource.address)
        taken = [item for item in items if now and _same(get(now.fields, item.keys), item.live)]
        wanted = _with(desired.fields, taken if found.problems else items)
        obstacle = self.obstacle(resource, after, wanted)
        if obstacle:
            self.problems.append(obstacle)
            return
        self.texts |= texts
        self.accepted += [(str(resource.address), item) for item in taken]
        self.notes += [_overwritten(resource, item) for item in taken if item.origin == "both"]

    def obstacle(self, resource: Resource, after: Loaded, wanted: Fields) -> Problem | None:
        """Return a problem if the edited project has errors, or results in other objects than intended."""
        errors = [problem for problem in after.problems if problem.severity == "error"]
        if errors:
            hint = f"edit the manifest, or run `reconciler apply{self.env}` to revert the drift"
            message = f"{resource.address}: the live value is not valid in a manifest: {errors[0].message}"
            return Problem("not-pulled", message, errors[0].place, hint)
        before, now = _desired(self.loaded({})), _desired(after)
        expected = {address: item.fields for address, item in before.items() if item.type not in upload_types()}
        expected[resource.address] = wanted
        others = [address for address, fields in expected.items() if not self.fits(address, fields, now)]
        if not others:
            return None
        if resource.address in others:
            return _unwritable(resource, self.env)
        names = ", ".join(map(str, others))
        together = "pull all of them together, or " if all(str(one) in self.live for one in others) else ""
        hint = f"{together}move each to a file of its own and pull again"
        return Problem("shared", f"{resource.address} shares the changed text with {names}", resource.place, hint)

    def fits(self, address: Address, fields: Fields, now: Mapping[Address, Desired]) -> bool:
        """Return True if the fields of an object match `fields`, or the live values if it is pulled too."""
        if address not in now:
            return False
        found, live = now[address].fields, self.live.get(str(address), {})
        return found.keys() == fields.keys() and all(
            same(found[name], fields[name]) or (name in live and same(found[name], live[name])) for name in found
        )

    def loaded(self, texts: Mapping[str, str]) -> Loaded:
        project = self.workspace.loaded.project
        edited = {**self.texts, **texts}
        return load_project(project.root, self.workspace.environ, env=project.identity.environment, edited=edited)

    @cached_property
    def _current(self) -> Mapping[Address, Fields]:
        """The values of the manifests now, which may have been edited since the plan was started."""
        return {address: item.fields for address, item in _desired(self.loaded({})).items()}

    def _text(self, path: str) -> str:
        return read_text(locate(self.workspace.root, path), max(MAX_INCLUDED, MAX_MANIFEST))

    def edits(self) -> list[Edit]:
        texts = ((path, self.before[path], self.texts[path]) for path in sorted(self.texts))
        return [Edit(path, before, after) for path, before, after in texts if before != after]


def _has_values(change: Change) -> bool:
    """Return False for drift of an outlet, and for losses that apply repairs."""
    return not is_repaired(change) and all(item.keys[0] != OUTLETS for item in change.fields)


def _address(change: Change) -> str:
    return change.address


def _desired(loaded: Loaded) -> dict[Address, Desired]:
    return {one.address: one for resource in loaded.resources for one in loaded.desired_of(resource)}


def _as_live(workspace: Workspace, change: Change) -> Fields:
    desired = workspace.desired.get(Address.parse(change.address))
    readable = desired and change.action == "update" and _has_values(change)
    return _with(desired.fields, change.fields) if desired and readable else {}


def _with(fields: Fields, items: Sequence[FieldChange]) -> Fields:
    """Return `fields` with the live values."""
    made = dict(fields)
    for item in items:
        made = put(made, item.keys, item.live)
    return made


def _same(left: object, right: object) -> bool:
    """Return True for equal values, either of which may be absent."""
    return left is right or same(left, right)


def _not_readable(change: Change, env: str) -> Problem:
    """Return the problem of drift without values for a manifest."""
    place = Place(change.source.file, change.source.line) if change.source else None
    if Address.parse(change.address).is_frozen:
        message = f"{change.address} is part of a release, and releases are immutable"
        undo = f"`reconciler apply --target {change.address}{env}` reverts it"
        hint = f"{undo}; to keep it, change the manifests and create a release"
        return Problem("not-pulled", message, place, hint)
    other = "lists files that were deleted" if drift_class(change) == "dangling" else "is published with other content"
    what = _WITHOUT_VALUES.get(change.action, other)
    message = f"{change.address} {what}: there are no live values to pull"
    undo = f"`reconciler apply --target {change.address}{env}` makes it again"
    if Address.parse(change.address).kind in upload_kinds():
        return Problem("not-pulled", message, place, f"{undo}; or take it out of the manifests")
    where = f"delete its manifest ({place.file})" if place else "delete its manifest"
    return Problem("not-pulled", message, place, f"{undo}; to accept it, {where}")


def _not_run(resource: Resource, change: Change, env: str) -> Problem:
    """Return the problem of an object that runs although its chatbot publishes nothing."""
    publisher = next(str(reason.args["publisher"]) for reason in change.reasons if reason.code == "not-run")
    message = f"{resource.address} is not resumed by its manifest: {publisher}, which it runs, publishes no release"
    undo = f"`reconciler apply --target {resource.address}{env}` pauses it again"
    return Problem(
        "not-pulled", message, resource.place, f"{undo}; to keep it active, publish a release of {publisher}"
    )


def _labels(resource: Resource, env: str) -> Problem:
    message = f"{resource.address}: its labels were removed, and labels are not part of manifests"
    restore = f"`reconciler apply --target {resource.address}{env}` restores them"
    hint = f"{restore}; to stop managing it, delete its manifest"
    return Problem("not-pulled", message, resource.place, hint)


def _unreadable(resource: Resource, desired: Desired, live: Fields, env: str) -> Iterator[tuple[str, Problem]]:
    """Yield the problems of fields with a content that the API does not return, by field."""
    for name, value in live.items():
        parts = resource.kind.unreadable(name, desired.fields.get(name), value)
        if parts:
            message = f"{resource.address}: `{name}` is not pulled: OpenAI does not return the content of {few(parts)}"
            hint = f"add the content to the manifest; `reconciler apply{env}` reverts the drift"
            yield name, Problem("not-pulled", message, resource.where(("spec", name)), hint)


def _unwritable(resource: Resource, env: str) -> Problem:
    message = f"{resource.address}: its manifest cannot be edited so that it matches the live values"
    hint = f"edit the manifest; `reconciler drift{env}` shows the live values"
    return Problem("not-pulled", message, resource.place, hint)


def _edited_meanwhile(resource: Resource) -> Problem:
    message = f"{resource.address}: its manifest was edited while the live objects were read"
    return Problem("not-pulled", message, resource.place, "run the command again")


def _overwritten(resource: Resource, item: FieldChange) -> str:
    return f"{resource.address}: {item.path} was also changed in the manifest; the live value replaced it"


def _other_environments(workspace: Workspace) -> list[str]:
    own = workspace.identity.environment
    others = sorted(set(workspace.loaded.project.spec.environments) - {own})
    return (
        [f"the manifests are also used by {', '.join(others)}: plan these environments before you merge"]
        if others
        else []
    )
