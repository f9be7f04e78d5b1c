"""A plan as all reports show it: the verdict, the titles and entries of its sections, and the writes it makes."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from reconciler.planning.model import ACTIONS, Decision, Plan, Risk, Unmanaged, VersionChange, is_repaired
from reconciler.planning.reasons import Notice
from reconciler.reports.style import count, counted
from reconciler.reports.views.changes import ChangeView, change_views, drift_views
from reconciler.reports.views.costs import cost_texts
from reconciler.reports.views.refusals import RefusalView, refusal_views
from reconciler.reports.views.versions import VersionView, version_views
from reconciler.reports.wording import notice_text, risk_of_several, risk_text
from reconciler.resources.address import Identity
from reconciler.resources.display import short
from reconciler.resources.problems import env_option
from reconciler.resources.risks import LEVELS, Level as RiskLevel

Level: TypeAlias = Literal["nothing", "safe", "risky", "refused"]
REFUSED: Final = "Refused"
RISKS: Final = "Risks"
CHANGES: Final = "Your changes"
DRIFT: Final = "Changed outside Reconciler"
PICTURE: Final = "Affected objects and their dependents"
COSTS: Final = "Costs, estimated"
WARNINGS: Final = "Warnings"
UNMANAGED: Final = "Not managed"
_UNREAD: Final = (
    "what is deleted may be in use where no plan looks: in the code of applications, and in other projects whose "
    "states are in another backend and that are not `spec.peers`"
)
_DECISIONS: Final[dict[Decision | None, str]] = {
    "revert": "Apply reverts these changes; `--on-drift keep` keeps them.",
    "keep": "Apply keeps these changes; `--on-drift revert` reverts them.",
    None: "These changes are undecided: `--on-drift revert` reverts them, `--on-drift keep` keeps them.",
}
_REPAIRS: Final = "Apply repairs these under every `--on-drift`: no value is overwritten."
_MIXED: Final = (
    "Each change shows whether apply reverts or keeps it; `--on-drift` decides for all but those to be repaired."
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a plan in one line, with and without an assessment of its risks."""

    level: Level
    word: str
    text: str
    title: str
    """The beginning of the summary for a terminal: `2 changes:`."""
    summary: str
    """The rest of that summary, after the title."""


@dataclass(frozen=True, slots=True)
class RiskView:
    level: RiskLevel
    rule: str
    address: str
    text: str
    of_several: str = ""
    """The text for several objects; empty if it is stated for each of them."""


@dataclass(frozen=True, slots=True)
class WarningView:
    text: str
    topic: str = ""
    """The code, which `explain` explains; empty if there is none."""


@dataclass(frozen=True)
class Remarks:
    """The sections that plans and drift reports have in common."""

    warnings: tuple[WarningView, ...]
    unmanaged: str
    """One sentence with the number of unmanaged objects; empty without any."""
    unmanaged_count: int
    inventory: str
    """The command that lists them."""


@dataclass(frozen=True)
class PlanView:
    """A plan with all its texts, not escaped."""

    identity: str
    digest: str
    commit: str
    """Shortened; empty if it is not known."""
    created_at: str
    verdict: Verdict
    refusals: tuple[RefusalView, ...]
    risks: tuple[RiskView, ...]
    versions: tuple[VersionView, ...]
    changes: tuple[ChangeView, ...]
    change_count: int
    drift: tuple[ChangeView, ...]
    drift_count: int
    drift_note: str
    """The direction of the diffs and the decision; empty without drift."""
    costs: tuple[str, ...]
    cost_source: str
    remarks: Remarks
    destroys: bool
    """True for a plan that removes everything."""
    can_apply: bool
    """True if there is something to apply and nothing is refused."""
    write_count: int
    writes: str
    """The requests that write, by method; empty without any."""


def plan_view(plan: Plan, *, targeted: bool = False, adopts: bool = False) -> PlanView:
    """Return the view of a plan; `targeted` says that it covers only some objects, `adopts` that it only adopts."""
    writes = {what: number for what, number in sorted(plan.requests.items()) if number}
    decisions = {change.decision for change in plan.drift}
    repaired = {is_repaired(change) for change in plan.drift if not change.is_consequence}
    mixed = len(decisions) > 1 or len(repaired) > 1
    decided = _MIXED if mixed else _REPAIRS if True in repaired else _DECISIONS[next(iter(decisions), None)]
    costs = plan.costs if plan.work else None
    return PlanView(
        identity=plan.identity,
        digest=plan.digest,
        commit=short(plan.commit or ""),
        created_at=plan.created_at,
        verdict=_verdict(plan, targeted=targeted, adopts=adopts),
        refusals=refusal_views(plan.refusals, plan.identity),
        risks=tuple(map(_risk, plan.risks)),
        versions=version_views(_published(plan), Identity.parse(plan.identity).environment),
        changes=change_views(plan.changes),
        change_count=len(plan.changes),
        drift=drift_views(plan.drift, decide=mixed),
        drift_count=len(plan.drift),
        drift_note=f"Differences are shown as live -> manifest. {decided}" if decisions else "",
        costs=tuple(cost_texts(costs, {change.address for change in plan.work})) if costs else (),
        cost_source=costs.source if costs else "",
        remarks=_with_unread(plan, remarks(plan)),
        destroys=plan.destroys,
        can_apply=bool(plan.work) and not plan.refusals,
        write_count=sum(writes.values()),
        writes=f"{counted(writes)}{_only_labels(plan)}",
    )


def _published(plan: Plan) -> list[VersionChange]:
    """Return the differences between releases that the work of a plan still publishes, a part of which may be kept."""
    moved = {change.address for change in plan.work if change.action == "publish"}
    return [one for one in plan.versions if one.chatbot in moved]


def grouped_risks(risks: Iterable[RiskView]) -> list[tuple[RiskView, ...]]:
    """Return the risks with one rule and one text for several objects together, at the place of the first."""
    found: dict[object, list[RiskView]] = {}
    for index, one in enumerate(risks):
        found.setdefault((one.level, one.rule, one.of_several) if one.of_several else index, []).append(one)
    return list(map(tuple, found.values()))


def remarks(plan: Plan) -> Remarks:
    """Return the warnings and the unmanaged objects of a plan."""
    inventory = f"reconciler inventory{env_option(Identity.parse(plan.identity).environment)}"
    unmanaged = _unmanaged(plan.unmanaged)
    return Remarks(tuple(map(_warning, _not_refused(plan))), unmanaged, len(plan.unmanaged), inventory)


def _with_unread(plan: Plan, known: Remarks) -> Remarks:
    """Return the remarks with what was not read, of a plan that deletes live objects. An offline plan says more."""
    is_offline = any(notice.code == "offline" for notice in plan.warnings)
    if is_offline or not any(change.deleted for change in plan.work):
        return known
    return replace(known, warnings=(*known.warnings, WarningView(_UNREAD)))


def _warning(notice: Notice) -> WarningView:
    return WarningView(notice_text(notice), "" if notice.code == "text" else notice.code)


def _risk(risk: Risk) -> RiskView:
    return RiskView(risk.level, risk.rule, risk.address, risk_text(risk), risk_of_several(risk))


def _verdict(plan: Plan, *, targeted: bool, adopts: bool) -> Verdict:
    """Return `refused` with any refusal, `risky` with a risk above low, and `safe` otherwise."""
    where = plan.identity + (f" at {short(plan.commit)}" if plan.commit else "")
    tail, drift = f"{plan.unchanged} unchanged{_recorded(plan)}", _drift_counts(plan)
    found_actions = Counter(change.action for change in plan.changes if not change.only_records)
    actions = counted({action: found_actions[action] for action in ACTIONS})
    summary = ", ".join(filter(None, (actions, drift, tail)))
    changes = count(len(plan.effects), "change")
    if plan.refusals:
        text = f"{count(len(plan.refusals), 'refusal')}{_not_applied(len(plan.work))}."
        return Verdict("refused", "Refused", text, "Refused:", f"{where}, {text}")
    if plan.destroys:
        text = f"{changes}: {actions}." if plan.effects else "It has no objects."
        return Verdict("risky", "Destroy", text, "Destroy:", f"{where}, {text[:1].lower()}{text[1:]}")
    if not plan.effects and plan.drift:
        text = f"{drift}, {tail}."
        return Verdict("nothing", "Nothing to apply", text, "Nothing to apply:", f"{where}, {text}")
    if not plan.effects and adopts:
        text = "no manifest without a live object matches an unmanaged object."
        return Verdict("nothing", "Nothing to adopt", f"N{text[1:]}", "Nothing to adopt:", f"{where}, {text}")
    if not plan.effects:
        matching = f"The targeted objects of {where} match" if targeted else f"{where} matches"
        text = f"All live objects match the manifests, {tail}."
        word = "No changes of content" if plan.work else "No changes"  # apply still records what is live
        return Verdict("nothing", word, text, f"{word}.", f"{matching} the manifests, {tail}.")
    found = Counter(risk.level for risk in plan.risks)
    risks = risk_counts({level: found[level] for level in LEVELS})
    level: Level = "risky" if found.keys() - {"low"} else "safe"
    text = f"{changes}, {risks or 'no known risk'}: {summary}."
    return Verdict(level, level.capitalize(), text, f"{changes}:", f"{where}, {summary}.")


def risk_counts(counts: Mapping[RiskLevel, int]) -> str:
    """Return `1 high risk, 2 medium risks`, without the levels that have none."""
    return counted({f"{level} {'risk' if number == 1 else 'risks'}": number for level, number in counts.items()})


def _drift_counts(plan: Plan) -> str:
    """Return the number of changes made outside Reconciler, by decision."""
    found = Counter(change.decision for change in plan.drift)
    counts = {"drifted to revert": found["revert"], "drifted to keep": found["keep"]}
    return counted(counts | {"drifted": found[None]})


def _recorded(plan: Plan) -> str:
    """Return how many objects apply only records; empty without any."""
    number = sum(change.only_records for change in plan.work)
    live = "is" if number == 1 else "are"
    return f"; apply only records {count(number, 'object')} that {live} live already" if number else ""


def _only_labels(plan: Plan) -> str:
    """Return that all requests write labels; empty if the plan does more than to record what is live."""
    number = sum(plan.requests.values())
    if plan.effects or not number:
        return ""
    return f", which only {'updates a label' if number == 1 else 'update labels'}"


def _not_applied(work: int) -> str:
    """Return that the changes of a refused plan are not applied; empty if it has none."""
    changes = "the change" if work == 1 else f"the {work} changes"
    return f"; {changes} below will not be applied" if work else ""


def _whose(item: Unmanaged) -> str:
    """Return the owner of an object that this project does not manage, or the label that does not count."""
    if item.wrong_label is not None:
        return f" with the label {item.wrong_label} of another type"
    return f" of {item.owner}" if item.owner else ""


def _unmanaged(unmanaged: tuple[Unmanaged, ...]) -> str:
    """Return how many objects of each type and owner are not managed by this project."""
    kinds = Counter((item.type.replace("_", " "), _whose(item)) for item in unmanaged)
    listed = ", ".join(f"{count(number, kind)}{whose}" for (kind, whose), number in sorted(kinds.items()))
    return f"Unmanaged or foreign, not changed: {listed}." if listed else ""


def _not_refused(plan: Plan) -> Iterator[Notice]:
    """Yield the warnings that no refusal of the plan says, too."""
    causes = {refusal.cause.code for refusal in plan.refusals}
    for notice in plan.warnings:
        is_undivided = notice.code == "environment-left" and notice.args.get("environment") is None
        if not (is_undivided and "undivided" in causes):
            yield notice
