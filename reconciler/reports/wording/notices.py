"""The sentences of warnings, and of what an estimate does not know."""

from collections.abc import Mapping
from typing import Final

from reconciler.planning.reasons import NoticeCode
from reconciler.reports.wording import phrases
from reconciler.reports.wording.phrases import Args, Phrase, number
from reconciler.reports.wording.refusals import CAUSES, other_lineage, same_label
from reconciler.resources.address import Identity
from reconciler.resources.display import moment
from reconciler.resources.name_lists import few
from reconciler.resources.problems import env_option


def _only_in_state(args: Args) -> str:
    names, releases = args["moved_from"], few(args["releases"])
    former = names[0] if len(names) == 1 else f"[{', '.join(names)}]"
    now = f" ({args['now']})" if args["now"] else ""
    place = args["now"] or "the manifest with its new name, if it was renamed"
    return (
        f"{releases}: no manifest has the name {args['name']}, and this state finds the object by its id{now}. "
        "`validate` reports it, and the plan of every state that has not applied the release is an error: "
        f"add `moved_from: {former}` to the lifecycle of {place}"
    )


def _left(args: Args) -> str:
    name = args["environment"]
    if name is None:
        return (
            f"the state of {args['identity']}, from before project.yaml had environments, has objects, which no plan "
            "updates or removes: to move them to an environment, run `reconciler state rm --all` with the project.yaml "
            "from before, put the environments back, and run `reconciler adopt --env NAME` before the next apply"
        )
    return (
        f"project.yaml does not have the environment {name}, and the state of {args['identity']} has objects, which no "
        "plan updates or removes: put it back into `spec.environments`, or remove its objects with "
        f"`reconciler destroy --env {name}`"
    )


NOTICES: Final[Mapping[NoticeCode, Phrase]] = {
    "text": "{text}",
    "checkout": "{message}: {hint}",
    "line-endings": (
        "{address} differs from what was applied only in its line ends: checkouts on other systems may change it back. "
        "Add `* text=auto eol=lf` to .gitattributes, and check the file out again"
    ),
    "offline": (
        "made offline, from what was applied last: changes made outside Reconciler since, and other objects that refer "
        "to something that is deleted, are not known"
    ),
    "target-ended": "{place}: {message}. {hint}",
    "upload-alike": (
        "{address}: {upload} has the name and size of {path}, but uploads cannot be read back to compare them: "
        "the next apply uploads {path}. To use {upload}, write its id into the manifest in place of the path"
    ),
    "only-in-outlet": lambda args: (
        f"the outlet {args['outlet']} has {few(args['names'])}, which no manifest publishes: applications may load "
        f"{'it' if len(args['names']) == 1 else 'them'}, and the guard counts the references. If "
        f"{'it is' if len(args['names']) == 1 else 'they are'} not in use, delete {_pointer_files(args['names'])} there"
    ),
    "only-in-state": _only_in_state,
    "stays-published": "{address} stays published without a manifest, because of `keep_on_delete`",
    "no-label-room": "{address}: its metadata has no room for four labels: only the state records that it is managed",
    "set-at-creation": (
        "{address}: {field} changed, but the API takes it only when the object is created: it stays as it is"
    ),
    "files-not-in-manifest": lambda args: _files(args, "that its manifest does not name"),
    "files-deleted": (
        "{address}: its manifest names uploads that do not exist ({files}), so that searches do not find them: "
        "name others, or remove the ids"
    ),
    "files-not-indexed": lambda args: _files(args, "that OpenAI could not index"),
    "already-archived": (
        "{address} was archived and is not created again: `reconciler archive {address}` marks its manifest as archived"
    ),
    "needs-manifest": (
        "{address} uses {assistant}, which has no manifest any longer: restore it. Without it, all other plans are "
        "refused while {chatbot} publishes this release, and archive it as soon as another one is published"
    ),
    "consent-permits": lambda args: f"{args['rule']}: {_cause(args['cause'])}; {permission(args)}",
    "consent-expired": (
        "{place}: consent/{consent} expired on {until}: remove it, or have it reviewed again with a later date"
    ),
    "consent-outdated": (
        "{place}: consent/{consent} has no effect: its subject is not that of the refusal, which may have changed"
    ),
    "consent-unneeded": "{place}: consent/{consent} is no longer needed; delete it",
    "other-lineage": lambda args: (
        f"{other_lineage(args)}: `reconciler plan{_env_of(args['identity'])}` shows how to resolve this"
    ),
    "same-label": lambda args: f"{same_label(args)}: every plan is refused until one is left",
    "peer-without-state": "{identity}, a peer, has no state in {location} yet: assuming no references",
    "outlet-not-read": lambda args: _not_read(args["outlet"], args["entry"]),
    "list-not-served": (
        "this server does not have {request} (404), and no object of it is known: assuming no references from there"
    ),
    "models-not-listed": (
        "the models cannot be listed: shutdown dates are those of OpenAI's page. Grant the API key {scope} to read them"
    ),
    "model-unlisted": lambda args: (
        f"the API lists no model {args['model']} for this key{_similar(args['similar'])}{_users(args)}"
    ),
    "threshold-by-name": lambda args: (
        f"{_cause(args['cause'])}: the name of the environment, typed or given with `--confirm`, permits it"
    ),
    "destroyed": lambda args: (
        f"destroyed by {args['holder']} on {moment(args['at'])}: it has no objects, and nothing is applied to it until "
        f"`reconciler destroy --undo{env_option(args.get('environment'))}`"
    ),
    "environment-left": _left,
    "settings-unrecorded": lambda args: (
        "no apply has recorded the guard settings of this project yet: this one records those of project.yaml"
        + (f" ({few(args['settings'])})" if args["settings"] else " (none is set)")
        + ", and later plans are also checked by them"
    ),
    "waits-for-release": lambda args: (
        f"{args['address']} {'is not active before' if args.get('is_live') else 'is not created before'} "
        f"{args['publisher']}, which it runs, publishes a release: "
        f"`reconciler {_publishing(args)}{env_option(args.get('environment'))}`"
    ),
    "already-managed": "{address} is already managed, as {id}",
    "owner-unknown": (
        "{address}: no label shows whether another project manages the object: make sure that none does before you "
        "adopt it, because this project then changes and deletes it"
    ),
    "maybe-duplicate": lambda args: (
        f"{args['address']}: {few(args['ids'])} at OpenAI {'has' if len(args['ids']) == 1 else 'have'} the same name, "
        "and no label shows who manages it: apply creates another one. If the state was lost, run `reconciler state "
        f"rebuild{env_option(args.get('environment'))}`; to manage the existing one, run `reconciler adopt "
        f"{args['address']}{env_option(args.get('environment'))}`"
    ),
    "nothing-to-adopt": "{address}: no live object matches it; apply creates it",
}

UNKNOWNS: Final[Mapping[str, Phrase]] = {
    "text": "{names}",
    "storage": "the size of {names}",
    "file-sizes": "the size of {names}",
    "token-prices": lambda args: f"the token price of {few([name or 'several models' for name in args['names']])}",
}


def permission(args: Args) -> str:
    """Return who permits something until when, and why."""
    return f"permitted by consent/{args['consent']} until {args['until']}: {args['why']}"


def _files(args: Args, which: str) -> str:
    return f"{args['address']} holds {number(len(args['files']), 'file')} {which}: {few(args['files'])}"


def _not_read(outlet: str, entry: str) -> str:
    refused = f". Apply is refused until RECONCILER_OUTLETS in the workflow names {entry}" if entry else ""
    return (
        f"{outlet} is a new outlet and was not read: in CI, plans contact only outlets that an earlier apply wrote to "
        f"or that RECONCILER_OUTLETS names{refused}"
    )


def _pointer_files(names: list[str]) -> str:
    return few([f"{name}.json" for name in names])


def _publishing(args: Args) -> str:
    name, number = args["publisher"].partition("/")[2], args["number"]
    return f"publish {name} {number}" if number else f"release {name} --publish"


def _cause(cause: Args) -> str:
    return phrases.sentence(CAUSES, cause["code"], cause["args"])


def _env_of(identity: str) -> str:
    return env_option(Identity.parse(identity).environment)


def _users(args: Args) -> str:
    """Return which objects use a model; empty for a plan that does not say it."""
    names, of = args.get("users", []), args.get("count", 0)
    if not names:
        return ""
    whose = f"{number(of, 'object')}: {few([*names, *[''] * (of - len(names))])}" if of > 1 else names[0]
    return f"{' ' if args['similar'] else '. '}Used by {whose}"


def _similar(names: list[str]) -> str:
    meant = " or ".join(f"`{name}`" for name in names)
    return f". Did you mean {meant}?" if meant else ""
