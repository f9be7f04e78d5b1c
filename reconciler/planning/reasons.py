"""Statements of a plan as values: why something changes, what to know, why it is refused, and the ways out.

Each has a code that stays and the arguments that its sentence needs; `reports.wording` has the sentences. A decision
reads codes and arguments, never a sentence. Arguments are JSON: addresses and live ids are strings, several of them a
list. `text` is what a document of an older format has in place of a code.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from reconciler.resources.values import JSON

Args: TypeAlias = Mapping[str, JSON]

ReasonCode: TypeAlias = Literal[
    "text",  # text
    # Create, replace and update
    "deleted-live",  # id: the live object was deleted outside Reconciler
    "expired",  # the live object has expired
    "expired-or-deleted",  # id, days: the live object, which expires after days without use, does not exist
    "listed-deleted",  # id, stores: the upload was deleted, and stores still list it
    "file-deleted",  # the uploads of files of a store were deleted, and the store still lists them
    "type-changes",  # live, desired: types
    "content-changed",  # an upload has other bytes, and no upload can be changed
    "ids-renewed",  # addresses: of objects that get a new id, which the fields with these paths hold
    "default-version",  # applied, live: numbers of versions
    "still-indexing",  # files: parts that OpenAI is still indexing; apply waits for them
    "immutable",  # fields: the API takes them only when the object is made
    "moved",  # former: the address before
    "next-runs",  # times: at which the object acts after the plan was made, as RFC 3339
    # Delete, archive and forget
    "duplicate",  # a second object at this address, made by an interrupted create
    "not-live",  # the object is in the state only
    "held-by",  # keeper: an object that stays and holds the upload
    "keep-on-delete",  # the manifest had `keep_on_delete`
    "upload-shared",  # address: another address of the same upload
    "still-held",  # id, holders: the object stays, because these hold it; without any, requests, scopes: not listed;
    # type: of an object that is not an upload
    "former-secret",  # as still-held: the replaced object does not get the secret that the change sends
    "manifest-removed",
    "environment-destroyed",  # by `destroy`, whether the object has a manifest or not
    "archived-in-manifest",  # the manifest of the release has `archived: true`
    "release-leaves",  # release: the copy is part of a release that is archived
    "assistant-removed",  # assistant: the release uses one that has no manifest
    "release-limit",  # chatbot, keep: the chatbot keeps only so many releases
    "upload-superseded",  # the file has another upload, or was removed, and nothing holds this one any more; type: of
    # an object that is not an upload
    "no-release-left",  # no release needs the copy
    # Of what runs a chatbot, the publisher
    "runs-release",  # publisher, release: that it publishes, and whose agent the object runs
    "not-run",  # publisher: it publishes no release, so that the object is suspended; fields: of drift, which no
    # manifest can state
    "unused",  # nothing refers to the upload
    # Adopt
    "equal-upload",  # an upload with this content is live, and the state does not have it at this path
    "unmanaged",  # type, id, name: the live object that is adopted
    "manifest-differs",  # fields
    "no-label-room",  # the object has no room for the four labels: only the state records the owner
    "already-live",  # fields: live already has the values of the manifest
    # Publish
    "id-changes",  # address: of an object in the bundle
    "bundle-changes",  # addresses: documents in the bundle that change
    "not-published",
    "outlet-unwritten",  # outlets: nothing was written there yet
    "outlet-outdated",  # outlets: they have an earlier content
    "document-missing",  # the built-in outlet does not have the pointer
    "blob-missing",  # the built-in outlet has the pointer and not the blob
    "copy-missing",  # outlets: the document was written there and does not exist
    "copy-differs",  # outlets: the document is not as it was written there
    "outlets-disagree",
    "outlet-unreadable",  # message: of the problem with what the outlet has
    "identity-removed",  # identity: whose objects and documents stay, and are not updated any longer
    "outlet-removed",  # names: of the pointers that stay in an outlet that the project does not name any longer
    "settings-weaker",  # the guard checks this plan by the recorded settings of the project, too
    # Of drift
    "last-changed",  # at: Unix time of the last change to the live object
    "written-outside",  # fields: not written by Reconciler; empty for all that differ
    "written-by-unknown-run",  # fields: written by a run that the state does not have; empty for all that differ
]

NoticeCode: TypeAlias = Literal[
    "text",  # text
    "only-in-outlet",  # outlet, names: of documents that neither the built-in outlet nor a manifest has
    "only-in-state",  # name, releases: that have it; now: the present address, or null; moved_from: to set there
    "checkout",  # place, problem, message, hint: of a warning about the working tree, such as a file that was not read
    "line-endings",  # the content of a file differs from what was applied only in line endings
    "offline",  # the plan was made without asking the API
    "target-ended",  # place, message, hint: OpenAI, which is the endpoint, no longer serves the target of the manifest
    "upload-alike",  # upload, path: an unmanaged upload has name and size of a file that apply will upload
    "stays-published",  # the document stays published without a manifest (`keep_on_delete`)
    "no-label-room",  # the object has no room for the four labels
    "set-at-creation",  # field: changed in the manifest, and taken by the API only when the object is made
    "files-not-in-manifest",  # files: ids of files of a store that its manifest does not name
    "files-deleted",  # files: literal ids in the manifest of a store whose uploads do not exist
    "files-not-indexed",  # files: ids of files that OpenAI could not index
    "already-archived",  # the release was archived before, and its manifest does not have `archived`
    "needs-manifest",  # assistant, chatbot: that publishes the release, which uses an assistant without a manifest
    "consent-permits",  # rule, cause, consent, until, why: a refusal of the plan as a whole that a consent lifts
    "consent-expired",  # place, consent, until
    "consent-outdated",  # place, consent: the refusal has another subject by now
    "consent-unneeded",  # place, consent: the plan has no such refusal
    "same-label",  # objects: live objects with the label of the address, as of the refusal
    "other-lineage",  # objects and documents of another state, as of the refusal
    "peer-without-state",  # identity, location
    "outlet-not-read",  # outlet: a new one in CI; entry: what the workflow must name before apply writes there, or ""
    "list-not-served",  # request: a list that this server does not have
    "models-not-listed",  # scope: of a restricted key
    "model-unlisted",  # model, similar: names that the API lists, users: up to three addresses, count: of all users
    "threshold-by-name",  # cause: of more deletes or archives than are allowed; permitted by name
    "destroyed",  # holder, at (Unix time), environment: in place of a comparison
    "environment-left",  # identity, environment: that project.yaml does not have, and whose state has objects; null for
    # the state from before the project had environments
    "settings-unrecorded",  # settings: paths of those that project.yaml sets, and that no apply has recorded
    "waits-for-release",  # publisher: it publishes no release, so that the object that runs it is not created yet;
    # number: of its latest release; null without one; is_live: it is suspended, and has something else to run
    "already-managed",  # id: to be adopted, and managed at this address already
    "owner-unknown",  # to be adopted, and of a type without labels
    "maybe-duplicate",  # type, ids: live objects with the name of one that is created, of a type without labels, whose
    # owner is not known; environment
    "nothing-to-adopt",  # no live object matches the manifest: apply creates it
]

CauseCode: TypeAlias = Literal[
    "text",  # text
    "other-project",  # answered, applied: OpenAI projects
    "unpinned-project",  # answered, pinned: OpenAI projects; environment, of which the manifest names the second
    "nothing-live",  # objects: how many the state has, of which none is live
    "foreign-owner",  # id, owner: the identity on the label
    "other-lineage",  # identity; objects (address, id, name, lineage, in_state) and documents of another state
    "foreign-pointer",  # address, outlets: which have a pointer under this name that another state wrote
    "same-label",  # address, ids, objects (id, name, in_state): live objects with one label
    "imported-unmanaged",  # id: live and unmanaged, and the manifest was imported from it
    "imported-foreign",  # id, owner: the identity on the label, of another project; the manifest was imported from it
    "environments-removed",  # environments: removed from project.yaml; objects (address, id, name) that they manage
    "undivided",  # identity, from before the project had environments; objects (address, id, name) that it manages
    "label-only",  # address, id, name, known: the object that the state has at the address, which is not live
    "duplicate-used",  # address, id, name, user: of the second object at the address
    "referenced",  # address: by the referrers in the sections
    "not-listed",  # id, requests: that failed; what they list may refer to the id
    "published",  # chatbots: that have the release published
    "release-edited",  # released, manifest: digests
    "assistants-drifted",  # addresses: assistants that a release would freeze
    "protected",  # address
    "duplicate-protected",  # address, id: of plans of earlier versions
    "changed-twice",  # fields: in the manifest and live
    "written-whole",  # fields: changed live, in a document that the manifest changes elsewhere
    "needs-missing",  # addresses: of what it refers to, and is not live
    "needs-files",  # addresses: of stores that lack files of the release
    "drift-refused",  # `--on-drift refuse`
    "models-shut-down",  # models: name to date
    "daily-cost",  # dollars, before, allowed
    "too-many-deletes",  # number; deleted, replaced, detached: whether there are any; allowed, live
    "too-many-archives",  # number: without those of `releases.keep`; allowed, live
]

RemedyCode: TypeAlias = Literal[
    "text",  # text
    "use-other-key",
    "leave-to-owner",  # owner, address
    "rebuild-state",  # if the state of these objects was lost
    "rename-project",  # if another repository manages them, and nothing was applied here
    "rename-one-project",  # if another repository manages them, and both were applied
    "unlabel-copies",  # if someone copied them
    "choose-outlet",  # outlets: which another state uses
    "delete-or-unlabel",  # ids: of objects that have a label without being known to be managed
    "adopt-clone",  # kind, id: of an object that has a copied label
    "adopt-one",  # address, id: of the first of several objects with one label
    "adopt-first",  # environment, as for many remedies with a command; without one, it is that of the plan
    "release-and-adopt",  # owner, environment: as of `adopt-first`
    "settle-environments",  # environments: removed from project.yaml, whose states have objects
    "divide",  # environment: of the plan; environments: of which one is to manage what the project manages since before
    # it had environments
    "forget-import",  # address: of a manifest with a comment that names its source
    "repoint-user",  # user, id
    "delete-or-unlabel-one",  # id: of plans of earlier versions
    "widen-target",  # targets: the referrers that `--target` leaves out
    "stop-ignoring",  # address, fields: of a referrer, in `lifecycle.ignore`
    "apply-outlets",  # outlets: that the plan removes, and whose documents refer to the object
    "repoint-referrers",  # names
    "publish-other-release",  # releases
    "archive-releases",  # releases
    "keep-release",  # address
    "restore-manifest",  # address
    "undo-edit",  # address
    "grant-scopes",  # scopes: of a restricted key
    "make-readable",
    "keep-or-target",
    "publish-or-remove",  # chatbots; number: of the latest other release of the first; null without one
    "unpublish",  # name: of a chatbot; environment; removed: if project.yaml does not have the environment
    "restore-and-release",
    "revert-or-pull",  # address: the first that drifted
    "unprotect",  # environment, removed: as of `unpublish`, if project.yaml does not have the environment
    "pull-or-revert",  # address; force: whether `pull` requires it
    "revert-missing",
    "revert-incomplete",
    "decide-drift",  # address; pullable: whether `pull` can copy the drift
    "choose-model",
    "raise-daily-cost",  # dollars; address: of the change of the settings
    "raise-deletes",  # number, address: as of `raise-daily-cost`
    "raise-archives",  # number, address
    "apply-settings",  # settings: paths of those in project.yaml that are not recorded yet; address: of their change
]


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for a change, where the action does not follow from the fields."""

    code: ReasonCode
    args: Args = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning of a plan, which does not stop it."""

    code: NoticeCode
    args: Args = field(default_factory=dict)
    address: str | None = None
    """The object of the warning; None for the plan as a whole."""


@dataclass(frozen=True, slots=True)
class Cause:
    """The cause of a refusal."""

    code: CauseCode
    args: Args = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Remedy:
    """One way out of a refusal."""

    code: RemedyCode
    args: Args = field(default_factory=dict)
