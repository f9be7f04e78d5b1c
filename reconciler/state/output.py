"""The JSON documents about a state that commands print: its entries, its history, and edits by hand."""

from collections.abc import Iterable
from typing import Annotated, Final, Literal, NotRequired

from typing_extensions import TypedDict

from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied
from reconciler.resources.json_documents import ShapeOf, Timestamp, timestamp
from reconciler.resources.values import JSON
from reconciler.state.edits import StateEdit, StateRebuild
from reconciler.state.history import counts
from reconciler.state.lock import Lock
from reconciler.state.model import AppliedPlan, Outcome, State

LIST_FORMAT: Final = "reconciler/state-list/v1"
ENTRY_FORMAT: Final = "reconciler/state-entry/v1"
HISTORY_FORMAT: Final = "reconciler/state-history/v1"
EDIT_FORMAT: Final = "reconciler/state-edit/v1"
REBUILD_FORMAT: Final = "reconciler/state-rebuild/v1"


class AppliedPlanDocument(TypedDict):
    """One apply of one plan."""

    digest: str
    """Of the plan."""
    run: str
    """Names the run; never used twice."""
    by: str
    """The user or the CI job that applied it."""
    run_url: str | None
    commit: str | None
    """The Git commit of the manifests."""
    started_at: Timestamp
    """ISO 8601, in UTC."""
    finished_at: Timestamp | None
    """Null where no end was recorded: the run still goes on, or was killed."""
    outcome: Outcome
    """`complete`, `partial` (some changes are not done), or `unfinished`."""
    changes: dict[str, int] | None
    """The number of objects `created`, `updated` and `removed`, and of those `adopted` and `recorded` if there are any:
    earlier versions counted them among the others. Null where that was not recorded."""


class LockDocument(TypedDict):
    """The lock of an identity, and its holder."""

    holder: str
    """The user or the CI job."""
    host: str
    """The machine that it runs on."""
    process: int
    """The id of its process there."""
    run_url: str | None
    acquired_at: Timestamp
    """ISO 8601, in UTC."""
    renewed_at: Timestamp
    """A lock that is not renewed expires."""


class ListedDocument(TypedDict):
    """One object that was applied."""

    address: str
    type: str
    id: str


class StateListDocument(TypedDict):
    """Every object in the state, by address: printed by `state list`."""

    format: Literal["reconciler/state-list/v1"]
    identity: str
    objects: list[ListedDocument]
    """Every entry, by address."""


class StateEntryDocument(TypedDict):
    """Everything that the state has of one object: printed by `state show`."""

    format: Literal["reconciler/state-entry/v1"]
    address: str
    id: str
    type: str
    fields: dict[str, JSON]
    """The fields as they were last applied, with references by address."""
    write_only: dict[str, str]
    """Hashes of fields that OpenAI never returns."""
    protected: bool
    """True where the object may not be deleted."""
    keep: bool
    """True where the live object is to stay when its manifest is removed."""
    unproven: list[str]
    """Fields of which a rebuilt state does not have the value."""
    holds: NotRequired[dict[str, str]]
    """Of a release: the live ids of the objects that it uses or was copied from, by the names that it has for them. Of
    an object with ids in its fields: the ids that were written, by address."""
    published_before: NotRequired[list[str]]
    """Of a chatbot: the releases that it published before the present one, the latest last."""
    rolled_back: NotRequired[list[str]]
    """Of a chatbot: the releases that an older release replaced, and that were not published again."""
    rolled_back_by: NotRequired[str]
    """Of a chatbot: the run that published an older release than before."""


class StateHistoryDocument(TypedDict):
    """Every apply that is known, the latest first: printed by `state history`."""

    format: Literal["reconciler/state-history/v1"]
    identity: str
    applies: list[AppliedPlanDocument]
    """The latest first."""


class EntriesDocument(TypedDict):
    """The addresses of entries, by what became of them."""

    added: list[str]
    """Addresses of new entries."""
    changed: list[str]
    """Addresses of entries that differ."""
    removed: list[str]
    """Addresses of entries that were removed."""


class StoredDigests(TypedDict):
    """Proof that an object is as the last apply left it, equal to its manifest."""

    mark: str
    """Digest of the live object."""
    digest: str
    """Digest of the manifest, of the entry and of the ids that both refer to."""
    refers_to: NotRequired[list[str] | None]
    """The addresses in the fields. Null if they are those in the entry."""
    ids: NotRequired[list[str]]
    """Other texts in the fields that can be live ids."""


class StoredObject(TypedDict):
    """One object as it was last applied. What does not apply is left out."""

    id: str
    type: str
    fields: dict[str, JSON]
    """With references by address."""
    write_only: NotRequired[dict[str, str]]
    """Hashes of fields that OpenAI never returns."""
    protected: NotRequired[Literal[True]]
    """The object may not be deleted."""
    keep: NotRequired[Literal[True]]
    """The live object stays when its manifest is removed."""
    unproven: NotRequired[list[str]]
    """Fields of which a rebuilt state does not have the value."""
    holds: NotRequired[dict[str, str]]
    """Of a release: the live ids of the objects that it uses or was copied from, by the names that it has for them. Of
    an object with ids in its fields: the ids that were written, by address."""
    published_before: NotRequired[list[str]]
    """Of a chatbot: the releases that it published before the present one, the latest last."""
    rolled_back: NotRequired[list[str]]
    """Of a chatbot: the releases that an older release replaced, and that were not published again."""
    rolled_back_by: NotRequired[str]
    """Of a chatbot: the run that published an older release than before."""
    verified: NotRequired[StoredDigests]
    """Of an object that was live as desired after its last write."""


class StoredIntent(TypedDict):
    """An object that an interrupted run may have created, or a write that it may have left half done."""

    address: str
    type: str
    marker: dict[str, JSON]
    """The labels, or the name, size and purpose, by which the next run finds it. For other writes the changed parts and
    the digest of the published bundle."""
    started: float
    """Unix time: nothing older can be this object."""
    creates: NotRequired[Literal[False]]
    """The write does not create an object."""


class StoredSettings(TypedDict, total=False):
    """The settings of the project that the guard reads. A setting that has its default is left out."""

    openai_project: str
    """The OpenAI project that keys must belong to."""
    max_deletes: int
    """`safety.max_deletes`."""
    max_archives: int
    """`safety.max_archives`."""
    max_daily_cost: float
    """`safety.max_daily_cost`, in US dollars."""
    strict: bool
    """`safety.archive` is `strict`."""
    vector_storage: float
    """The price that `max_daily_cost` is compared with."""
    free_gb: float
    """The free storage that `max_daily_cost` is compared with."""
    peers: dict[str, str | None]
    """The URL of the state of each peer; null for the backend of the project."""


class StoredDestruction(TypedDict):
    """The mark of a destroyed environment."""

    started: float
    """Unix time, as is `finished`."""
    holder: str
    """The user or the CI job that began it."""
    finished: float | None
    """Null until everything was removed."""
    tombstones: list[str]
    """Releases that were archived before: the others can be created again after `destroy --undo`."""


class StateDocument(TypedDict):
    """The whole state of one identity, as backends store it: a backup, and the input of `state push`."""

    format: Literal["reconciler/state/v1"]
    identity: str
    openai_project: str | None
    """The OpenAI project that the ids belong to; null before the first apply."""
    position: int
    """The number of the last journal segment in it."""
    run: str
    """The run that wrote that segment."""
    plans: list[Annotated[dict[str, JSON], ShapeOf(AppliedPlan)]]
    """The latest applied plans, oldest first."""
    tombstones: list[str]
    """Archived releases, whose numbers are never used again."""
    pending: list[StoredIntent]
    """Writes of interrupted runs that are not known to be complete."""
    outlets: NotRequired[dict[str, dict[str, str]]]
    """The outlets of the last run, beside the built-in one: by name the pointers that were written there, each with its
    hash. Missing before a run has recorded its outlets."""
    environments: NotRequired[list[str]]
    """The environments that the project had in the last run. Missing before a run has recorded them."""
    settings: NotRequired[StoredSettings]
    """The settings of the project that the guard reads, as the last complete apply recorded them, without defaults.
    Missing before an apply has recorded them."""
    lineage: NotRequired[str]
    """The id that is on the labels of the objects that the runs of this state write. Missing before the first run."""
    destruction: NotRequired[StoredDestruction]
    """Present from the beginning of `destroy` until `destroy --undo`. The format is then `reconciler/state/v2`, which
    earlier versions of Reconciler reject."""
    objects: dict[str, StoredObject]
    """By address."""


class StateEditDocument(EntriesDocument):
    """An edit of the state by hand: printed by `state push`, `state mv` and `state rm`."""

    format: Literal["reconciler/state-edit/v1"]
    identity: str
    notes: list[str]
    """Consequences for the next plan."""


class StateRebuildDocument(EntriesDocument):
    """A state that was made of live labels, bundles and manifests: printed by `state rebuild`."""

    format: Literal["reconciler/state-rebuild/v1"]
    identity: str
    written: bool
    """False where the state that is there was not replaced."""
    objects: int
    """The number of entries."""
    unknown: dict[str, list[str]]
    """By address, the fields of which it is not known what was applied."""
    contested: dict[str, list[str]]
    """By address, the ids of objects with a label that another object has: none of them is in the state."""
    unlisted: list[str]
    """Requests for objects that could not be listed, and of which none is in the manifests or the outlets."""
    lineage: str | None
    """The lineage of the state; null if no live object has one."""
    taken: dict[str, str]
    """The names of the live objects with that lineage, by id."""
    unproven: dict[str, str]
    """The names of live objects, by id, whose label has no lineage and is the only proof that they are of this project.
    """
    mislabelled: dict[str, str]
    """By live id, the addresses on labels that objects of their type cannot have: none of them is in the state."""


def state_list_json(state: State) -> StateListDocument:
    entries = sorted(state.objects.items())
    return {
        "format": LIST_FORMAT,
        "identity": str(state.identity),
        "objects": [{"address": str(address), "type": one.type, "id": one.id} for address, one in entries],
    }


def state_entry_json(address: Address, applied: Applied) -> StateEntryDocument:
    entry: StateEntryDocument = {
        "format": ENTRY_FORMAT,
        "address": str(address),
        "id": applied.id,
        "type": applied.type,
        "fields": dict(applied.fields),
        "write_only": dict(applied.write_only),
        "protected": applied.protected,
        "keep": applied.keep,
        "unproven": list(applied.unproven),
    }
    if applied.holds:
        entry["holds"] = dict(applied.holds)
    if applied.published_before:
        entry["published_before"] = list(applied.published_before)
    if applied.rolled_back:
        entry["rolled_back"] = list(applied.rolled_back)
    if applied.rolled_back_by:
        entry["rolled_back_by"] = applied.rolled_back_by
    return entry


def state_history_json(identity: Identity, plans: Iterable[AppliedPlan]) -> StateHistoryDocument:
    return {"format": HISTORY_FORMAT, "identity": str(identity), "applies": list(map(applied_plan_json, plans))}


def applied_plan_json(plan: AppliedPlan) -> AppliedPlanDocument:
    return {
        "digest": plan.digest,
        "run": plan.run,
        "by": plan.holder,
        "run_url": plan.run_url or None,
        "commit": plan.commit or None,
        "started_at": timestamp(plan.started),
        "finished_at": None if plan.finished is None else timestamp(plan.finished),
        "outcome": plan.outcome,
        "changes": counts(plan.summary),
    }


def lock_json(lock: Lock) -> LockDocument:
    return {
        "holder": lock.holder.name,
        "host": lock.holder.host,
        "process": lock.holder.pid,
        "run_url": lock.holder.run_url or None,
        "acquired_at": timestamp(lock.acquired),
        "renewed_at": timestamp(lock.renewed),
    }


def edited_json(done: StateEdit) -> StateEditDocument:
    return {"format": EDIT_FORMAT, "identity": done.identity, **_entries(done), "notes": list(done.notes)}


def rebuilt_json(done: StateRebuild) -> StateRebuildDocument:
    return {
        "format": REBUILD_FORMAT,
        "identity": done.edited.identity,
        "written": done.written,
        "objects": done.objects,
        **_entries(done.edited),
        "unknown": {str(address): list(names) for address, names in done.unknown.items()},
        "contested": {str(address): list(ids) for address, ids in done.ambiguous.items()},
        "unlisted": list(done.unlisted),
        "lineage": done.lineage,
        "taken": dict(done.taken),
        "unproven": dict(done.unproven),
        "mislabelled": dict(done.mislabelled),
    }


def _entries(done: StateEdit) -> EntriesDocument:
    return {
        "added": list(map(str, done.added)),
        "changed": list(map(str, done.changed)),
        "removed": list(map(str, done.removed)),
    }
