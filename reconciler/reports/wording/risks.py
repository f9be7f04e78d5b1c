"""The sentences of risks, by rule; `docs/risks.md` explains each rule."""

from collections.abc import Mapping
from typing import Final

from reconciler.reports.wording.notices import permission
from reconciler.reports.wording.phrases import Args, Phrase
from reconciler.resources.name_lists import few
from reconciler.resources.risks import Rule

_TOOLS: Final[Mapping[str, str]] = {
    "added": "it gets {tool}",
    "environment": "programs in its environments may reach more of the network",
    "network": "{tool}: its code may reach more of the network",
    "server": "{tool} is another server",
    "tools": "{tool} may use more tools of its server",
    "approvals": "{tool} is called with fewer approvals",
    "reach": "{tool} may reach more of the web",
}
_BREAKS: Final[Mapping[str, Phrase]] = {
    "removed": "{at} is removed",
    "required": "{at} is required now",
    "type": lambda args: f"{args['at']} changes from {' or '.join(args['before'])} to {' or '.join(args['after'])}",
    "limited": "{at} takes only {values} values now",
    "narrowed": lambda args: f"{args['at']} no longer takes {', '.join(args['values'])}",
}


def _tool(args: Args) -> str:
    return _TOOLS[args["change"]].format(tool=args["tool"])


def _credentials(args: Args) -> str:
    if "vaults" in args:
        return f"its sessions get the credentials of {few(args['vaults'])}"
    return f"{args['tool']} uses {args['uses']}"


def _rollback_lost(args: Args) -> str:
    lost = f"{args['publisher']} can no longer be rolled back to release {args['number']}"
    if args.get("destroyed"):
        return f"{lost}, until `destroy --undo` and an apply create it again"
    return f"{lost}: archived releases are not restored"


def _often(args: Args) -> str:
    minutes = "1 minute" if args["minutes"] == 1 else f"{args['minutes']} minutes"
    return f"its runs are about {minutes} apart, and each of them is a session"


def _moderation(args: Args) -> str:
    return f"moderation of its {args['side']} changes from {args['before']} to {args['after'] or 'off'}"


def _guardrail(args: Args) -> str:
    more = f", and {args['more']} more like it" if args["more"] else ""
    quoted = args["sentence"].replace("`", "'")
    return f"it no longer says “{quoted}”{more}"


def _knowledge(args: Args) -> str:
    names = args["names"]
    if args["change"] == "stores":
        return f"it no longer searches {few(names)}"
    return f"{len(names)} of {args['of']} files are detached: {few(names)}"


def _expiry(args: Args) -> str:
    before = "never" if args["before"] is None else f"after {args['before']} days"
    return f"if unused, it expires after {args['after']} days instead of {before}"


def _withdrawn(args: Args) -> str:
    if "outlet" in args:
        return f"applications that load {few(args['names'])} from {args['outlet']} get no updates any longer"
    if "identity" in args:
        return f"applications that load {few(args['names'])} of {args['identity']} get no updates any longer"
    if "now" in args:
        return f"applications that load {args['name']} no longer find it: they have to load {args['now']}"
    if "release" in args:
        return f"{args['release']} is unpublished; no release is published instead"
    return f"applications that load {args['name']} no longer find it"


def _parameters(args: Args) -> str:
    return f"{args['tool']}: {few([_break(one) for one in args['breaks']])}"


def _break(found: Args) -> str:
    phrase, args = _BREAKS[found["change"]], {**found, "at": found["at"] or "the whole"}
    return phrase(args) if callable(phrase) else phrase.format(**args)


def _refused(args: Args) -> str:
    shown = args["parameter"] if isinstance(args["value"], (dict, list)) else f"{args['parameter']}: {args['value']}"
    return f"{args['model']} refuses `{shown}`, so that every request fails (source: {args['source']})"


def _version(args: Args) -> str:
    older = ", an older one" if args["after"] < args["before"] else ""
    return f"users get release {args['after']} instead of {args['before']}{older}"


RISK_TEXTS: Final[Mapping[Rule, Phrase]] = {
    "guardrail-removed": _guardrail,
    "execution-opened": _tool,
    "remote-tools-opened": _tool,
    "credentials-opened": _credentials,
    "moderation-lowered": _moderation,
    "model-retiring": "OpenAI shuts down {model} on {on}, in {days} days",
    "protection-removed": "the next plan may delete or replace it",
    "parameter-refused": _refused,
    "publication-withdrawn": _withdrawn,
    "name-lost": "applications that load {before} no longer find it: they have to load {after}",
    "guard-weakened": "after it, the guard refuses less: {settings}",
    "consent-used": permission,
    "rolled-back-release": "release {after} was rolled back before, and is published again",
    "published-version-changed": _version,
    "knowledge-removed": _knowledge,
    "expiry-shortened": _expiry,
    "web-opened": _tool,
    "tool-added": _tool,
    "parameters-incompatible": _parameters,
    "output-changed": "the format of its answers changes",
    "model-changed": "{before} becomes {after}",
    "instructions-moved": "{after} gets the instructions after the input, which makes cached prefixes useless: the "
    "application has to pass its input to `request(…, input=…)` of the bundle",
    "reasoning-lowered": "its reasoning effort changes from {before} to {after}",
    "id-changed": "whatever uses it by its id {id} outside this project no longer finds it",
    "rollback-lost": _rollback_lost,
    "secret-deleted": "its secrets are deleted, and nothing else has them: neither the manifests nor the state",
    "runs-often": _often,
    "model-unpinned": "the answers of {models} may change without notice",
    "tool-removed": "it loses {tool}",
    "kept-no-longer": "from now on it is deleted when its manifest is removed",
}

RISK_TEXTS_OF_SEVERAL: Final[Mapping[tuple[Rule, frozenset[str]], str]] = {
    ("publication-withdrawn", frozenset({"name"})): "applications that load them no longer find them",
}
"""The sentences that reports print once for several objects, by rule and the names of the arguments."""
