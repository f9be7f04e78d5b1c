"""The sentences of refusals: the cause, and the ways out."""

from collections.abc import Mapping
from typing import Final

from reconciler.planning.reasons import CauseCode, RemedyCode
from reconciler.reports.wording.phrases import Args, Phrase, object_text
from reconciler.resources.name_lists import few
from reconciler.resources.problems import env_option

_LISTED: Final = 100
"""The number of objects that a sentence names. The JSON document has all of them."""


def same_label(args: Args) -> str:
    """Return the live objects that carry one label, each with its name and whether it is in the state."""
    listed = map(_labelled, args["objects"]) if "objects" in args else args["ids"]
    return f"{len(args['ids'])} live objects carry the label {args['address']}: {', '.join(listed)}"


def _labelled(one: Args) -> str:
    return f"{object_text(one['id'], one['name'])} {'' if one['in_state'] else 'not '}in the state"


def other_lineage(args: Args) -> str:
    """Return the live objects and the documents that another state of the identity created."""
    objects = [f"{object_text(one['id'], one['name'])} as {one['address']}" for one in args["objects"]]
    found = few([*objects, *args["documents"]], _LISTED)
    return f"this state did not create these objects of {args['identity']}: {found}"


def _undivided(args: Args) -> str:
    objects = [f"{object_text(one['id'], one['name'])} as {one['address']}" for one in args["objects"]]
    return (
        f"{args['identity']} manages these objects since before the project had environments, and apply would create "
        f"them a second time: {few(objects, _LISTED)}"
    )


def _duplicate_used(args: Args) -> str:
    duplicate = object_text(args["id"], args.get("name", ""))
    return f"{duplicate} is a duplicate of {args['address']}, still used by {args['user']}"


def _delete_or_unlabel(args: Args) -> str:
    ids = args.get("ids", ())
    them = " and ".join(ids) if ids else "the wrong ones"
    whose = "its" if len(ids) == 1 else "their"
    return f"delete {them} at OpenAI, or remove the `reconciler-` keys from {whose} metadata"


def _shut_down(args: Args) -> str:
    return f"OpenAI has shut down {', '.join(f'{model} ({on})' for model, on in args['models'].items())}"


def _deletes(args: Args) -> str:
    kinds = {"deleted": "deletes", "replaced": "replacements", "detached": "detached files"}
    found = [name for kind, name in kinds.items() if args.get(kind, kind == "deleted")]
    what = " and ".join(filter(None, [", ".join(found[:-1]), found[-1]]))
    return f"{args['number']} {what} at once; {args['allowed']} are allowed ({args['live']} objects are live)"


def _env(args: Args) -> str:
    return env_option(args.get("environment"))


def _rebuild(args: Args) -> str:
    return f"if the state was lost, `reconciler state rebuild{_env(args)}` takes them over"


def _adopt(args: Args) -> str:
    return f"run `reconciler adopt{_env(args)}` first, which adopts it as it is"


def _release_and_adopt(args: Args) -> str:
    return (
        f"to manage it here, set `keep_on_delete: true` in its lifecycle in {args['owner']}, apply, remove its "
        f"manifest there, apply again, and run `reconciler adopt{_env(args)}` here"
    )


def _adopt_clone(args: Args) -> str:
    command = f"reconciler adopt {args['kind']}/NAME={args['id']}{_env(args)}"
    return f"to manage it too, write a manifest with another name and run `{command}`"


def _adopt_one(args: Args) -> str:
    command = f"reconciler adopt {args['address']}={args['id']}{_env(args)}"
    return f"if the state was lost, `{command}` records which one is managed"


def _undo(args: Args) -> str:
    address, env = args["address"], _env(args)
    pull = f"pull it (`reconciler pull {address}{env}`) and release again"
    return f"undo it first (`reconciler apply --target {address}{env}`), or {pull}"


def _create(args: Args) -> str:
    return f"`reconciler apply --on-drift revert{_env(args)}` creates it again"


def _archive(args: Args) -> str:
    names = ", ".join(args["releases"])
    return f"archive {names} (`reconciler archive {args['releases'][0]}`)"


def _publish(args: Args) -> str:
    chatbot, number, env = args["chatbots"][0].partition("/")[2], args.get("number"), _env(args)
    another = f"publish another release (`reconciler publish {chatbot} {number}{env}`), " if number else ""
    none = f"publish none (`reconciler publish {chatbot} none{env}`)"
    return f"{another}{none}, or remove {few(args['chatbots'])} in the same change"


def _put_back(args: Args) -> str:
    environment = args.get("environment")
    return f"put {environment} back into `spec.environments` of project.yaml, " if args.get("removed") else ""


def _pull(args: Args) -> str:
    force, env = " --force" if args.get("force", True) else "", _env(args)
    command = f" (`reconciler pull {args['address']}{force}{env}`)" if "address" in args else ""
    revert = f"`reconciler apply --on-drift revert{env}`"
    return f"pull the live change into the manifest{command}, or apply the manifest ({revert})"


def _decide(args: Args) -> str:
    if "address" not in args:
        return "`--on-drift revert` reverts the change, `--on-drift keep` keeps it"
    address, env = args["address"], _env(args)
    pull = f"`reconciler pull {address}{env}` copies it into the manifest, " if args.get("pullable") else ""
    return f"{pull}`reconciler apply --on-drift revert --target {address}{env}` reverts it, `--on-drift keep` keeps it"


def _unpinned_project(args: Args) -> str:
    environment = f" for the environment {args['environment']}" if args.get("environment") else ""
    return f"the key is of OpenAI project {args['answered']}; project.yaml names {args['pinned']}{environment}"


def _wider_target(args: Args) -> str:
    options = " ".join(f"--target {target}" for target in args["targets"])
    return f"run the command without `--target`, or add `{options}`, so that the reference changes, too"


def _apply_settings(args: Args) -> str:
    alone = f"`reconciler apply --target {args['address']}{_env(args)}`"
    return f"apply the new {few(args['settings'])} of project.yaml first, by a pull request of its own or by {alone}"


CAUSES: Final[Mapping[CauseCode, Phrase]] = {
    "text": "{text}",
    "other-project": "the key is of OpenAI project {answered}; the state was applied to {applied}",
    "unpinned-project": _unpinned_project,
    "nothing-live": "none of the {objects} objects in the state is live: the key may be of another OpenAI project",
    "foreign-owner": "{id} is in the state, but its label names {owner} as the owner",
    "other-lineage": other_lineage,
    "foreign-pointer": "{outlets} already has a pointer {address}, which this state did not write",
    "same-label": same_label,
    "imported-unmanaged": "it was imported from {id}, which is live and unmanaged: apply would create a second object",
    "imported-foreign": "it was imported from {id}, which {owner} manages: apply would create a second object",
    "undivided": _undivided,
    "label-only": (
        "{id} ({name}) carries the label {address}, but the state has {known} there, which is not live any more"
    ),
    "duplicate-used": _duplicate_used,
    "referenced": "{address} is still used",
    "not-listed": (
        "it is not known whether anything still uses {id}: these requests are not permitted or not answered: {requests}"
    ),
    "published": "it is published by {chatbots}",
    "release-edited": "it was released as {released}, and its manifest says {manifest}",
    "assistants-drifted": "{addresses} changed outside Reconciler, and the release would not have that change",
    "protected": "{address} is protected, on the live object or in the state",
    "duplicate-protected": "{id} carries the label of {address}, which is protected",
    "changed-twice": "{fields} changed in the manifest and live",
    "written-whole": "{fields} changed live, and the manifest changes what is published with it",
    "needs-missing": "it needs {addresses}, which is not live any more",
    "needs-files": "the release would be published without files that {addresses} lost outside Reconciler",
    "drift-refused": "it changed outside Reconciler, and `--on-drift refuse` stops the plan",
    "models-shut-down": _shut_down,
    "daily-cost": (
        "vector stores would cost about ${dollars:,.2f} a day, now ${before:,.2f}; ${allowed:,.2f} are allowed"
    ),
    "too-many-deletes": _deletes,
    "too-many-archives": (
        "{number} releases archived at once, without those of `releases.keep`; "
        "{allowed} are allowed ({live} objects are live)"
    ),
}

REMEDIES: Final[Mapping[RemedyCode, Phrase]] = {
    "text": "{text}",
    "use-other-key": "use a key of that project, or choose the environment that this key belongs to",
    "leave-to-owner": "if {owner} is to keep it, remove {address} from this project and from its state",
    "rebuild-state": _rebuild,
    "rename-project": "if another repository manages them, set another `metadata.name` in project.yaml",
    "rename-one-project": (
        "if another repository manages them, remove the objects of one of the two from its state with `reconciler "
        "state rm`, set another `metadata.name` there, and run `reconciler adopt`"
    ),
    "unlabel-copies": "if someone copied them, delete the copies, or remove the `reconciler-` keys from their metadata",
    "choose-outlet": "if another repository uses {outlets}, set another location in `spec.outlets`",
    "delete-or-unlabel": _delete_or_unlabel,
    "adopt-clone": _adopt_clone,
    "adopt-one": _adopt_one,
    "adopt-first": _adopt,
    "release-and-adopt": _release_and_adopt,
    "divide": (
        "to manage them in {environment}, run `reconciler state rm --all` with the project.yaml from before it had "
        "environments, put the environments back, and run `reconciler adopt --env {environment}`"
    ),
    "forget-import": "to create a second object, delete the comment `# Imported from` in the manifest of {address}",
    "repoint-user": "point {user} at something else, or remove the `reconciler-` keys from {id}",
    "delete-or-unlabel-one": "remove the `reconciler-` keys from {id}, or delete it at OpenAI",
    "widen-target": _wider_target,
    "stop-ignoring": "remove {fields} from `lifecycle.ignore` of {address}",
    "apply-outlets": "apply the removal of the outlet {outlets} first, or keep it in `spec.outlets`",
    "repoint-referrers": "point {names} at something else, or remove it in the same change",
    "publish-other-release": "publish a release without it in place of {releases}",
    "archive-releases": _archive,
    "keep-release": "or keep {address}",
    "restore-manifest": "or restore the manifest of {address}",
    "grant-scopes": "grant the API key {scopes}",
    "make-readable": "make it readable, or check the base URL and any gateway before the API",
    "keep-or-target": "or keep the object; `reconciler apply --target ADDRESS` applies other changes",
    "undo-edit": "or undo the edit of {address}",
    "publish-or-remove": _publish,
    "unpublish": lambda args: (
        f"{_put_back(args)}run `reconciler publish {args['name']} none{env_option(args.get('environment'))}`"
        f"{', apply,' if args.get('removed') else ','} and destroy the environment again"
    ),
    "restore-and-release": "restore the manifest from Git, or, if it was never committed, run "
    "`reconciler archive ADDRESS`; then release the chatbot again under the next number",
    "revert-or-pull": _undo,
    "unprotect": lambda args: (
        f"{_put_back(args)}set `lifecycle: {{protect: false}}` in its manifest and apply that first"
    ),
    "pull-or-revert": _pull,
    "revert-missing": _create,
    "revert-incomplete": "apply with `--on-drift revert`, which attaches the files again",
    "decide-drift": _decide,
    "choose-model": "choose another model in the manifest; for one that is only released, release again",
    "raise-daily-cost": (
        "if this is intended, set `spec.safety.max_daily_cost: {dollars}` in project.yaml and apply that first"
    ),
    "raise-deletes": (
        "if all of them are intended, set `spec.safety.max_deletes: {number}` in project.yaml and apply that first"
    ),
    "raise-archives": (
        "if all of them are intended, set `spec.safety.max_archives: {number}` in project.yaml and apply that first"
    ),
    "apply-settings": _apply_settings,
}
"""Parts of one sentence: a refusal may have several."""
ALTERNATIVES: Final = frozenset[RemedyCode]({"keep-release", "restore-manifest", "keep-or-target", "undo-edit"})
"""The last of several remedies, which begins with `or`: all before it are required together."""
