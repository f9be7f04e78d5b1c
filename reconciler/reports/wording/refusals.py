"""The sentences of the causes of refusals, of one object and of several; `remedies` has the ways out."""

from collections.abc import Mapping
from typing import Final

from reconciler.planning.reasons import CauseCode
from reconciler.reports.wording.phrases import Args, Phrase, object_text
from reconciler.resources.name_lists import few

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
        f"{args['identity']} manages objects since before the project had environments, and apply would create them a "
        f"second time: {few(objects)}"
    )


def _removed(args: Args) -> str:
    objects = [f"{object_text(one['id'], one['name'])} as {one['address']}" for one in args["objects"]]
    which = "environments" if len(args["environments"]) > 1 else "environment"
    return (
        f"project.yaml does not have the {which} {few(args['environments'])} any longer, which still "
        f"{'manage' if len(args['environments']) > 1 else 'manages'} these objects, and apply would create them a "
        f"second time: {few(objects)}"
    )


def _duplicate_used(args: Args) -> str:
    duplicate = object_text(args["id"], args.get("name", ""))
    return f"{duplicate} is a duplicate of {args['address']}, still used by {args['user']}"


def _shut_down(args: Args) -> str:
    return f"OpenAI has shut down {', '.join(f'{model} ({on})' for model, on in args['models'].items())}"


def _deletes(args: Args) -> str:
    kinds = {"deleted": "deletes", "replaced": "replacements", "detached": "detached files"}
    found = [name for kind, name in kinds.items() if args.get(kind, kind == "deleted")]
    what = " and ".join(filter(None, [", ".join(found[:-1]), found[-1]]))
    return f"{args['number']} {what} at once; {args['allowed']} are allowed ({args['live']} objects are live)"


def _unpinned_project(args: Args) -> str:
    environment = f" for the environment {args['environment']}" if args.get("environment") else ""
    return f"the key is of OpenAI project {args['answered']}; project.yaml names {args['pinned']}{environment}"


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
    "environments-removed": _removed,
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

CAUSES_OF_SEVERAL: Final[Mapping[CauseCode, str]] = {
    "imported-unmanaged": (
        "{number} objects were imported from live objects that are unmanaged: apply would create second objects"
    ),
    "protected": "{number} objects are protected, on the live objects or in the state",
    "referenced": "{number} objects are still used",
    "drift-refused": "{number} objects changed outside Reconciler, and `--on-drift refuse` stops the plan",
}
"""The causes that reports print once for all objects with the same ways out."""
