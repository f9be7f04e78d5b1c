"""The sentences beside changes, and about how an apply has made them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from reconciler.applying.model import NoteCode
from reconciler.planning.reasons import ReasonCode
from reconciler.reports.wording.phrases import Args, Phrase, object_text
from reconciler.resources.display import moment
from reconciler.resources.name_lists import few


def _unmanaged(args: Args) -> str:
    return f"live object: {args['type'].replace('_', ' ')} {object_text(args['id'], args['name'])}"


def _bundle_changes(args: Args) -> str:
    changed = args["addresses"]
    if not changed:
        return "something in the bundle changes"
    return f"{few(changed)} in it change{'s' if len(changed) == 1 else ''}"


def _still_held(args: Args) -> str:
    return f"the {args.get('type', 'upload').replace('_', ' ')} {args['id']} stays: {_stays(args)}"


def _former_secret(args: Args) -> str:
    return f"the replaced {args['type'].replace('_', ' ')} {args['id']} keeps the former secret: {_stays(args)}"


def _superseded(args: Args) -> str:
    return f"an earlier {args.get('type', 'upload').replace('_', ' ')} that nothing refers to any more"


def _stays(args: Args) -> str:
    if args.get("requests"):
        scopes = f" (the API key needs {few(args['scopes'])})" if args["scopes"] else ""
        return f"whether anything refers to it is not known without {few(args['requests'])}{scopes}"
    return _refer(args["holders"])


def _refer(holders: Sequence[str]) -> str:
    return f"{few(holders)} {'refers' if len(holders) == 1 else 'refer'} to it"


def _outlet_removed(args: Args) -> str:
    documents = f"its documents ({few(args['names'])})" if args["names"] else "its documents"
    return f"`spec.outlets` no longer names it: {documents} stay and are not updated any longer"


def _last_changed(args: Args) -> str:
    return f"last changed {moment(args['at'])}"


def _next_runs(args: Args) -> str:
    times = [datetime.fromisoformat(time).isoformat(" ", "minutes") for time in args["times"]]
    return f"next run{'s' if len(times) > 1 else ''}: {', '.join(times)}"


def _written(args: Args, writer: str) -> str:
    return f"{', '.join(args['fields'])}: {writer}" if args["fields"] else writer


REASONS: Final[Mapping[ReasonCode, Phrase]] = {
    "text": "{text}",
    "deleted-live": "{id} was deleted outside Reconciler",
    "expired": "it has expired",
    "expired-or-deleted": "{id} does not exist: it expired ({days} days without use) or was deleted outside Reconciler",
    "listed-deleted": "{id} was deleted outside Reconciler, and {stores} still list it",
    "file-deleted": "it lists files whose uploads were deleted: {files}",
    "type-changes": "{live} becomes {desired}",
    "content-changed": "its content changed: it is uploaded again",
    "immutable": "{fields} cannot be changed in place",
    "still-indexing": "apply waits until OpenAI has indexed {files}",
    "moved": "moved from {former}",
    "next-runs": _next_runs,
    "duplicate": "duplicate: an interrupted run created a second object at this address",
    "not-live": "no longer live",
    "held-by": "{keeper} stays and holds it",
    "keep-on-delete": "keep_on_delete: it stays live, unmanaged",
    "upload-shared": "the upload is shared with {address}",
    "still-held": _still_held,
    "former-secret": _former_secret,
    "manifest-removed": "manifest removed",
    "environment-destroyed": "the environment is destroyed",
    "archived-in-manifest": "its manifest says `archived: true`",
    "release-leaves": "{release} is archived",
    "assistant-removed": "{assistant}, which it uses, no longer has a manifest",
    "release-limit": "{chatbot} keeps {keep} of its releases",
    "upload-superseded": _superseded,
    "no-release-left": "no release uses it",
    "unused": "no longer used",
    "runs-release": "{publisher}, which it runs, publishes {release}",
    "not-run": "{publisher}, which it runs, publishes no release",
    "equal-upload": "an upload with the same content exists; it is recorded under this path",
    "unmanaged": _unmanaged,
    "manifest-differs": "its manifest differs in {fields}: the next plan shows the difference",
    "no-label-room": "its metadata has no room for four labels: only the state records that it is managed",
    "already-live": "live already matches; apply only records it: {fields}",
    "id-changes": "{address} gets a new id",
    "default-version": "the default was moved from version {applied} to {live}",
    "ids-renewed": lambda args: f"it gets the new id of {few(args['addresses'])}",
    "bundle-changes": _bundle_changes,
    "not-published": "it is not published yet",
    "outlet-unwritten": "not written to {outlets} yet",
    "outlet-outdated": "{outlets} has an earlier content",
    "document-missing": "its document beside the state was deleted outside Reconciler",
    "blob-missing": "the content of its document beside the state was deleted outside Reconciler",
    "copy-missing": "deleted from {outlets} outside Reconciler",
    "copy-differs": "changed in {outlets} outside Reconciler",
    "outlets-disagree": "the outlets disagree",
    "outlet-unreadable": "{message}",
    "identity-removed": "project.yaml no longer has {identity}: its objects and documents stay and are not updated",
    "outlet-removed": _outlet_removed,
    "settings-weaker": "recorded last: this plan is checked by the settings before and after",
    "last-changed": _last_changed,
    "written-outside": lambda args: _written(args, "not written by Reconciler"),
    "written-by-unknown-run": lambda args: _written(args, "written by a run of Reconciler that is not in the state"),
}

NOTES: Final[Mapping[NoteCode, Phrase]] = {
    "upload-shared": "shares an upload",
    "upload-kept": "the upload stays: another path shares it",
    "upload-held": "the upload stays: {type} {id} refers to it now",
    "replaced-held": "the earlier object stays: {type} {id} refers to it now",
    "upload-still-held": lambda args: (
        f"the earlier {args['type']} stays: {_stays(args)}" if "type" in args else f"the upload stays: {_stays(args)}"
    ),
    "already-deleted": "it was deleted already",
}
