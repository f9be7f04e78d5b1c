"""`pull`: copy drift into the manifests. Live objects and the state are not changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Final, Literal

from typing_extensions import TypedDict

from reconciler.manifests import Loaded, load
from reconciler.manifests.editing.acceptance import accept
from reconciler.manifests.folder import MAX_INCLUDED, MAX_MANIFEST, locate, read_text
from reconciler.operations.plan import check_targets, make_plan
from reconciler.planning.build import Planned
from reconciler.planning.inputs import OUTLETS
from reconciler.planning.model import Action, Change, FieldChange, drift_class, is_repaired
from reconciler.project.edits import Edit, write
from reconciler.project.endpoint import open_connection, run_async
from reconciler.project.workspace import Workspace, open_workspace
from reconciler.resources.address import Address
from reconciler.resources.base import Desired, Resource
from reconciler.resources.problems import Place, Problem, ProblemDocument, SeverityCounts, problems_json
from reconciler.resources.registry import upload_kinds, upload_types
from reconciler.resources.values import Fields, get, put, same

FORMAT: Final = "reconciler/pull/v1"
LABELS: Final = "labels"
_WITHOUT_VALUES: Final[Mapping[Action, str]] = {"create": "was deleted", "replace": "has expired or has other content"}


@dataclass(frozen=True)
class Pulled:
    """The result of `pull`: accepted drift, and problems."""

    identity: str
    accepted: tuple[tuple[str, FieldChange], ...] = ()
    """Live values copied into the manifests, each with its address."""
    edits: tuple[Edit, ...] = ()
    problems: tuple[Problem, ...] = ()
    """Drift that cannot be copied, with an alternative."""
    notes: tuple[str, ...] = ()


class AcceptedDocument(TypedDict):
    """A live value that was copied into a manifest."""

    address: str
    path: str
    """Path of the value: `tools.web_search.mode`."""


class PullDocument(TypedDict):
    """The drift that was copied into the manifests: printed by `pull`."""

    format: Literal["reconciler/pull/v1"]
    identity: str
    written: bool
    """False in a dry run."""
    accepted: list[AcceptedDocument]
    """The copied values."""
    files: list[str]
    """Paths of the changed files, relative to the project folder."""
    notes: list[str]
    """Notes, as text."""
    summary: SeverityCounts
    """The number of problems by severity."""
    problems: list[ProblemDocument]
    """Drift that cannot be copied, with an alternative."""


def pull_json(pulled: Pulled, *, written: bool) -> PullDocument:
    """Return `pulled` as the JSON document that `pull -o json` prints."""
    problems = problems_json(pulled.problems)
    return {
        "format": FORMAT,
        "identity": pulled.identity,
        "written": written,
        "accepted": [{"address": address, "path": item.path} for address, item in pulled.accepted],
        "files": [edit.path for edit in pulled.edits],
        "notes": list(pulled.notes),
        "summary": problems["summary"],
        "problems": problems["problems"],
    }


def pull(
    start: Path,
    environ: Mapping[str, str],
    addresses: Sequence[Address],
    *,
    env: str | None,
    endpoint: str | None,
    dry_run: bool,
) -> Pulled:
    """Edit the manifests of the project at or above `start` so that they match the drift of these addresses, or of all
    if none is given. With `dry_run`, no file is written.

    Raises ReconcilerError for an address that does not exist. Drift that cannot be copied is reported in `problems`;
    the rest is still copied.
    """

    async def run() -> tuple[Workspace, Planned]:
        workspace = open_workspace(start, environ, env=env, endpoint=endpoint)
        async with open_connection(workspace.loaded.project, workspace.endpoint) as connection:
            return workspace, (await make_plan(workspace, connection, on_drift="keep")).planned

    workspace, planned = run_async(run())
    check_targets(workspace, addresses, planned.matched.live)
    pulled = accepted(workspace, planned, addresses)
    if not dry_run:
        write(workspace.root, pulled.edits)
    return pulled


def accepted(workspace: Workspace, planned: Planned, addresses: Sequence[Address] = ()) -> Pulled:
    """Return the edits that accept the drift of these addresses, or of all."""
    chosen = {str(address) for address in addresses}
    drift = [change for change in planned.plan.drift if not chosen or change.address in chosen]
    pulling = _Pulling(workspace, {change.address: _as_live(workspace, change) for change in drift})
    for address, changes in groupby(sorted(drift, key=_address), key=_address):
        pulling.pull(Address.parse(address), list(changes))
    edits = tuple(pulling.edits())
    silent = [f"{address}: no drift" for address in sorted(chosen - set(map(_address, drift)))]
    notes = (*silent, *pulling.notes, *(_other_environments(workspace) if edits else ()))
    return Pulled(str(workspace.identity), tuple(pulling.accepted), edits, tuple(pulling.problems), notes)


@dataclass
class _Pulling:
    """Files with the edits so far. Each address is checked separately, so that a failure does not affect others."""

    workspace: Workspace
    live: Mapping[str, Fields]
    """Fields that the manifests must have in the end, by address."""
    texts: dict[str, str] = field(default_factory=dict)
    accepted: list[tuple[str, FieldChange]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def pull(self, address: Address, changes: Sequence[Change]) -> None:
        resources = (one for one in self.workspace.loaded.resources if one.address == address)
        resource = next(resources, None)
        fields: list[FieldChange] = []
        for change in changes:
            if resource is None or change.action != "update" or not _has_values(change):
                self.problems.append(_not_readable(change))
            else:
                fields += change.fields
        self.problems += [_labels(resource) for item in fields if item.keys[0] == LABELS if resource]
        fields = [item for item in fields if item.keys[0] != LABELS]
        if resource and fields:
            self.accept(resource, self.workspace.desired[address], fields)

    def accept(self, resource: Resource, desired: Desired, items: Sequence[FieldChange]) -> None:
        found = accept(self.workspace.loaded, resource, desired, _with(desired.fields, items), self.texts)
        self.problems += found.problems
        if not found.texts:
            return
        after = self.loaded(found.texts)
        now = _desired(after).get(resource.address)
        taken = [item for item in items if now and _same(get(now.fields, item.keys), item.live)]
        wanted = _with(desired.fields, taken if found.problems else items)
        obstacle = self.obstacle(resource, after, wanted)
        if obstacle:
            self.problems.append(obstacle)
            return
        self.texts |= found.texts
        self.accepted += [(str(resource.address), item) for item in taken]
        self.notes += [_overwritten(resource, item) for item in taken if item.origin == "both"]

    def obstacle(self, resource: Resource, after: Loaded, wanted: Fields) -> Problem | None:
        """Return a problem if the edited project has errors, or results in other objects than intended."""
        errors = [problem for problem in after.problems if problem.severity == "error"]
        if errors:
            hint = "edit the manifest, or run `reconciler apply` to revert the drift"
            message = f"{resource.address}: the live value is not valid in a manifest: {errors[0].message}"
            return Problem("not-pulled", message, errors[0].place, hint)
        before, now = _desired(self.loaded({})), _desired(after)
        expected = {address: item.fields for address, item in before.items() if item.type not in upload_types()}
        expected[resource.address] = wanted
        others = [address for address, fields in expected.items() if not self.fits(address, fields, now)]
        if not others:
            return None
        if resource.address in others:
            return _unwritable(resource)
        names = ", ".join(map(str, others))
        hint = "pull all of them together, or move each to a file of its own and pull again"
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
        return load(project.root, env=project.identity.environment, edited={**self.texts, **texts})

    def edits(self) -> list[Edit]:
        root = self.workspace.root
        limit = max(MAX_INCLUDED, MAX_MANIFEST)
        before = {path: read_text(locate(root, path), limit) for path in sorted(self.texts)}
        return [Edit(path, text, self.texts[path]) for path, text in before.items() if text != self.texts[path]]


def _has_values(change: Change) -> bool:
    """Return False for drift of an outlet, and for losses that apply repairs."""
    return not is_repaired(change) and all(item.keys[0] != OUTLETS for item in change.fields)


def _address(change: Change) -> str:
    return change.address


def _desired(loaded: Loaded) -> dict[Address, Desired]:
    return {one.address: one for resource in loaded.resources for one in resource.kind.desired(resource, loaded.scope)}


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


def _not_readable(change: Change) -> Problem:
    """Return the problem of drift without values for a manifest."""
    place = Place(change.source.file, change.source.line) if change.source else None
    if Address.parse(change.address).is_frozen:
        message = f"{change.address} is part of a release, and releases are immutable"
        undo = f"`reconciler apply --target {change.address}` reverts it"
        hint = f"{undo}; to keep it, change the manifests and create a release"
        return Problem("not-pulled", message, place, hint)
    other = "lists files that were deleted" if drift_class(change) == "dangling" else "is published with other content"
    what = _WITHOUT_VALUES.get(change.action, other)
    message = f"{change.address} {what}: there are no live values to pull"
    undo = f"`reconciler apply --target {change.address}` makes it again"
    if Address.parse(change.address).kind in upload_kinds():
        return Problem("not-pulled", message, place, f"{undo}; or take it out of the manifests")
    where = f"delete its manifest ({place.file})" if place else "delete its manifest"
    return Problem("not-pulled", message, place, f"{undo}; to accept it, {where}")


def _labels(resource: Resource) -> Problem:
    message = f"{resource.address}: its labels were removed, and labels are not part of manifests"
    hint = f"`reconciler apply --target {resource.address}` restores them; to stop managing it, delete its manifest"
    return Problem("not-pulled", message, resource.place, hint)


def _unwritable(resource: Resource) -> Problem:
    message = f"{resource.address}: its manifest cannot be edited so that it matches the live values"
    hint = "edit the manifest; `reconciler drift` shows the live values"
    return Problem("not-pulled", message, resource.place, hint)


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
