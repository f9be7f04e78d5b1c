"""The ways out of refusals: their steps, each in words and, if there is one, as the command that does it.

Reports print them as lists, with each command on a line of its own. `way_text` makes one clause of a way.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from reconciler.files.search import PROJECT_FILE
from reconciler.planning.reasons import Remedy, RemedyCode
from reconciler.reports.wording.phrases import Args, sentence
from reconciler.resources.name_lists import few
from reconciler.resources.problems import command_text

_MOST_COMMANDS: Final = 5
_UNUSABLE: Final = (AttributeError, LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: an imperative without a full stop, a command, or both, where the command does it."""

    text: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """Steps in their order; the ways out of one refusal are alternatives."""

    steps: tuple[Step, ...]
    aim: str = ""
    """When, or what for, to go this way: `if the state was lost`."""


_Remedied: TypeAlias = Callable[[Args], tuple[Way, ...]]


def ways_of(remedy: Remedy, environment: str | None = None) -> tuple[Way, ...]:
    """Return the ways out that a remedy stands for, with commands for `environment`, if it does not name another one;
    its code where a document has another code or other arguments.
    """
    known = REMEDIES.get(remedy.code)
    about = {"environment": environment, **remedy.args}
    if isinstance(known, str):
        return (Way((Step(sentence({remedy.code: known}, remedy.code, about)),)),)
    try:
        return known(about) if known else (Way((Step(remedy.code),)),)
    except _UNUSABLE:
        return (Way((Step(remedy.code),)),)


def ways_out(remedies: Sequence[Remedy], environment: str | None = None) -> tuple[tuple[Way, ...], ...]:
    """Return the ways out of a refusal by remedy, which are alternatives. All remedies but the last are required
    together, and are the steps of one way, unless they are for other cases: see `Refusal.remedies`.
    """
    found = [ways_of(remedy, environment) for remedy in remedies]
    together = [ways for ways in found[:-1] if not any(way.aim for way in ways)]
    if len(together) > 1:
        combined = Way(tuple(step for ways in together for step in _as_steps(ways)))
        found = [(combined,), *(ways for ways in found if not any(ways is one for one in together))]
    return tuple(found)


def _as_steps(ways: tuple[Way, ...]) -> tuple[Step, ...]:
    return ways[0].steps if len(ways) == 1 else (Step(", or ".join(map(way_text, ways))),)


def way_text(way: Way) -> str:
    """Return a way as a clause: `to manage it too, write a manifest, and run `reconciler adopt``."""
    steps = list(map(_step_text, way.steps))
    text = steps[0] if len(steps) == 1 else f"{', '.join(steps[:-1])}, and {steps[-1]}"
    return f"{way.aim}, {text}" if way.aim else text


def _step_text(step: Step) -> str:
    if not step.command:
        return step.text
    return f"{step.text} (`{step.command}`)" if step.text else f"run `{step.command}`"


def _way(*steps: str | Step, aim: str = "") -> Way:
    return Way(tuple(one if isinstance(one, Step) else Step(one) for one in steps), aim)


def _run(args: Args, *words: str, text: str = "") -> Step:
    """Return the step that runs `reconciler` with these words, in the environment of the plan."""
    return Step(text, command_text(args.get("environment"), *words))


def _delete_or_unlabel(args: Args) -> tuple[Way, ...]:
    ids = args.get("ids", ())
    them = " and ".join(ids) if ids else "the wrong ones"
    whose = "its" if len(ids) == 1 else "their"
    return (_way(f"delete {them} at OpenAI, or remove the `reconciler-` keys from {whose} metadata"),)


def _adopt_clone(args: Args) -> tuple[Way, ...]:
    adopt = _run(args, "adopt", f"{args['kind']}/NAME={args['id']}")
    return (_way("write a manifest with another name", adopt, aim="to manage it too"),)


def _adopt_one(args: Args) -> tuple[Way, ...]:
    adopt = _run(args, "adopt", f"{args['address']}={args['id']}", text="record which one is managed")
    return (_way(adopt, aim="if the state was lost"),)


def _release_and_adopt(args: Args) -> tuple[Way, ...]:
    there = f"set `keep_on_delete: true` in its lifecycle in {args['owner']}, and apply there"
    adopt = _run(args, "adopt", text="adopt it here")
    return (_way(there, "remove its manifest there, and apply again", adopt, aim="to manage it here"),)


def _rename_one(args: Args) -> tuple[Way, ...]:
    forget = _run(args, "state", "rm", "ADDRESS", text="remove the objects of one of the two from its state")
    rename = "set another `metadata.name` in project.yaml there"
    return (_way(forget, rename, _run(args, "adopt"), aim="if another repository manages them"),)


def _divide(args: Args) -> tuple[Way, ...]:
    """Return the way out for objects from before the project had environments: one environment adopts them, which need
    not be the one of the plan.
    """
    environments = args.get("environments") or [args["environment"]]
    before = Step(
        "commit project.yaml, and check out its text from before it had environments",
        f'git checkout "$(git log -1 --format=%h -S environments: -- {PROJECT_FILE})~1" -- {PROJECT_FILE}',
    )
    forget = Step("forget the entries of that state, all of them", "reconciler state rm --all")
    back = Step("put the environments back", f"git checkout HEAD -- {PROJECT_FILE}")
    if len(environments) == 1:
        adopt = Step(command=command_text(environments[0], "adopt"))
        return (_way(before, forget, back, adopt, aim=f"to manage them in {environments[0]}"),)
    owner = f"adopt them in the one environment that they belong to, such as {' or '.join(environments[:3])}"
    adopt = Step(f"{owner}; the others get objects of their own", command_text("ENVIRONMENT", "adopt"))
    return (_way(before, forget, back, adopt, aim="to manage them in one of the environments"),)


def _settle(args: Args) -> tuple[Way, ...]:
    """Return the ways out for the objects of environments that project.yaml does not have any longer."""
    environments, present = args["environments"], args.get("environment")
    listed = few(environments)
    forget = (Step(command=command_text(one, "state", "rm", "--all")) for one in environments)
    back = "remove them from `spec.environments` again" if len(environments) > 1 else "remove it there again"
    return (
        _way(f"put {listed} back into `spec.environments` of project.yaml", aim="if it was removed by mistake"),
        _way(*(Step(command=command_text(one, "destroy")) for one in environments), aim="to delete the former objects"),
        _way(
            f"put {listed} back into `spec.environments` of project.yaml",
            *forget,
            back,
            _run({"environment": present}, "adopt"),
            aim=f"to manage them in {present}" if present else "to manage them without environments",
        ),
    )


def _repoint_user(args: Args) -> tuple[Way, ...]:
    return _way(f"point {args['user']} at something else"), _way(f"remove the `reconciler-` keys from {args['id']}")


def _wider_target(args: Args) -> tuple[Way, ...]:
    options = " ".join(f"--target {target}" for target in args["targets"])
    return _way("run the command without `--target`"), _way(f"add `{options}`, so that the reference changes, too")


def _apply_outlets(args: Args) -> tuple[Way, ...]:
    return (_way(f"apply the removal of the outlet {few(args['outlets'])} first, or keep it in `spec.outlets`"),)


def _repoint_referrers(args: Args) -> tuple[Way, ...]:
    return (_way(f"point {few(args['names'])} at something else, or remove it in the same change"),)


def _archive(args: Args) -> tuple[Way, ...]:
    names = args["releases"]
    if len(names) > _MOST_COMMANDS:
        return (_way(Step(f"archive {few(names)}, each with", "reconciler archive ADDRESS")),)
    return (_way(*(Step(f"archive {name}", f"reconciler archive {name}") for name in names)),)


def _keep_or_target(args: Args) -> tuple[Way, ...]:
    return _way("keep the object"), _way(_run(args, "apply", "--target", "ADDRESS"), aim="to apply other changes")


def _publish(args: Args) -> tuple[Way, ...]:
    chatbot, number = args["chatbots"][0].partition("/")[2], args.get("number")
    another = _run(args, "publish", chatbot, str(number), text="publish another release")
    none = _run(args, "publish", chatbot, "none", text="publish none")
    remove = _way(f"remove {few(args['chatbots'])} in the same change")
    return *([_way(another)] if number else []), _way(none), remove


def _put_back(args: Args) -> list[str]:
    environment = args.get("environment")
    return [f"put {environment} back into `spec.environments` of project.yaml"] if args.get("removed") else []


def _unpublish(args: Args) -> tuple[Way, ...]:
    apply = [_run(args, "apply")] if args.get("removed") else []
    publish = _run(args, "publish", args["name"], "none")
    return (_way(*_put_back(args), publish, *apply, _run(args, "destroy")),)


def _unprotect(args: Args) -> tuple[Way, ...]:
    unprotect = "set `lifecycle: {protect: false}` in the manifest"
    return (_way(*_put_back(args), unprotect, _run(args, "apply", text="apply that first")),)


def _restore_and_release(args: Args) -> tuple[Way, ...]:
    del args
    release, archive = "release the chatbot again under the next number", Step(command="reconciler archive ADDRESS")
    return _way("restore the manifest from Git", release), _way(archive, release, aim="if it was never committed")


def _revert_or_pull(args: Args) -> tuple[Way, ...]:
    address = args["address"]
    undo = _run(args, "apply", "--target", address, text="undo it first")
    return _way(undo), _way(_run(args, "pull", address, text="pull it"), "release again")


def _pull_or_revert(args: Args) -> tuple[Way, ...]:
    words = ("pull", args["address"], *(["--force"] if args.get("force", True) else [])) if "address" in args else ()
    text = "pull the live change into the manifest"
    revert = _run(args, "apply", "--on-drift", "revert", text="apply the manifest")
    return _way(_run(args, *words, text=text) if words else text), _way(revert)


def _decide_drift(args: Args) -> tuple[Way, ...]:
    keep = _way("keep it with `--on-drift keep`")
    if "address" not in args:
        return _way("revert it with `--on-drift revert`"), keep
    pull = [_way(_run(args, "pull", args["address"], text="copy it into the manifest"))] if args.get("pullable") else []
    return *pull, _way(_run(args, "apply", "--on-drift", "revert", "--target", args["address"], text="revert it")), keep


def _raise(setting: str, value: str, aim: str) -> _Remedied:
    """Return the way out by another threshold in project.yaml, which is applied before what it permits."""

    def ways(args: Args) -> tuple[Way, ...]:
        edit = f"set `spec.safety.{setting}: {args[value]}` in project.yaml"
        alone = ("--target", args["address"]) if "address" in args else ()
        return (_way(edit, _run(args, "apply", *alone, text="apply that first"), aim=aim),)

    return ways


def _apply_settings(args: Args) -> tuple[Way, ...]:
    settings = f"apply the new {few(args['settings'])} of project.yaml first"
    alone = _run(args, "apply", "--target", args["address"], text=f"{settings}, alone")
    return _way(f"{settings}, by a pull request of its own"), _way(alone)


REMEDIES: Final[Mapping[RemedyCode, str | _Remedied]] = {
    "text": "{text}",
    "use-other-key": lambda _: (
        _way("use a key of that project"),
        _way("choose the environment that this key belongs to"),
    ),
    "leave-to-owner": lambda args: (
        _way(
            f"remove {args['address']} from this project",
            _run(args, "state", "rm", args["address"], text="remove it from the state"),
            aim=f"if {args['owner']} is to keep it",
        ),
    ),
    "rebuild-state": lambda args: (
        _way(_run(args, "state", "rebuild", text="take them over"), aim="if the state was lost"),
    ),
    "rename-project": lambda _: (
        _way("set another `metadata.name` in project.yaml", aim="if another repository manages them"),
    ),
    "rename-one-project": _rename_one,
    "unlabel-copies": lambda _: (
        _way("delete the copies, or remove the `reconciler-` keys from their metadata", aim="if someone copied them"),
    ),
    "choose-outlet": lambda args: (
        _way("set another location in `spec.outlets`", aim=f"if another repository uses {few(args['outlets'])}"),
    ),
    "delete-or-unlabel": _delete_or_unlabel,
    "adopt-clone": _adopt_clone,
    "adopt-one": _adopt_one,
    "adopt-first": lambda args: (_way(_run(args, "adopt", text="adopt first what was imported, as it is")),),
    "release-and-adopt": _release_and_adopt,
    "divide": _divide,
    "settle-environments": _settle,
    "forget-import": lambda args: (
        _way(
            f"delete the comment `# Imported from` in the manifest of {args['address']}",
            aim="to create a second object",
        ),
    ),
    "repoint-user": _repoint_user,
    "delete-or-unlabel-one": lambda args: (
        _way(f"remove the `reconciler-` keys from {args['id']}"),
        _way("delete it at OpenAI"),
    ),
    "widen-target": _wider_target,
    "stop-ignoring": "remove {fields} from `lifecycle.ignore` of {address}",
    "apply-outlets": _apply_outlets,
    "repoint-referrers": _repoint_referrers,
    "publish-other-release": "publish a release without it in place of {releases}",
    "archive-releases": _archive,
    "keep-release": "keep {address}",
    "restore-manifest": "restore the manifest of {address}",
    "grant-scopes": "grant the API key {scopes}",
    "make-readable": "make it readable, or check the base URL and any gateway before the API",
    "keep-or-target": _keep_or_target,
    "undo-edit": "undo the edit of {address}",
    "publish-or-remove": _publish,
    "unpublish": _unpublish,
    "restore-and-release": _restore_and_release,
    "revert-or-pull": _revert_or_pull,
    "unprotect": _unprotect,
    "pull-or-revert": _pull_or_revert,
    "revert-missing": lambda args: (_way(_run(args, "apply", "--on-drift", "revert", text="create it again")),),
    "revert-incomplete": lambda args: (
        _way(_run(args, "apply", "--on-drift", "revert", text="attach the files again")),
    ),
    "decide-drift": _decide_drift,
    "choose-model": lambda _: (
        _way("choose another model in the manifest"),
        _way("release again", aim="for one that is only released"),
    ),
    "raise-daily-cost": _raise("max_daily_cost", "dollars", "if this is intended"),
    "raise-deletes": _raise("max_deletes", "number", "if all of them are intended"),
    "raise-archives": _raise("max_archives", "number", "if all of them are intended"),
    "apply-settings": _apply_settings,
}
