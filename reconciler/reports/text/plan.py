"""Plans and drift as text: the verdict first, then what needs a decision, then what changes, last what to type next."""

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.planning.model import ACTIONS, Decision, Plan, Unmanaged
from reconciler.reports.drift import DRIFT_CLASSES, drift_class
from reconciler.reports.style import Style, count, plain, wrap
from reconciler.reports.text.changes import change_rows, drift_rows
from reconciler.reports.text.fields import first_few
from reconciler.reports.text.parts import counted, headline, joined, section
from reconciler.reports.text.refusals import refusal_lines
from reconciler.resources.address import Identity

DIRECTION: Final = "manifest -> live"
_DECIDED: Final[dict[frozenset[Decision | None], str]] = {
    frozenset({"revert"}): "applying reverts it (--on-drift keep leaves it)",
    frozenset({"keep"}): "applying keeps it (--on-drift revert undoes it)",
    frozenset({None}): "nothing is decided (--on-drift revert undoes it, keep leaves it)",
}


def plan_text(plan: Plan, *, style: Style) -> str:
    """What `plan` would do and why it may not, for a terminal. Nothing in it is interpreted, whatever it contains."""
    parts = [
        _verdict(plan, style),
        section("Refused", refusal_lines(plan.refusals, style), style),
        section("Your changes", change_rows(plan.changes, style), style),
        _by_hand(plan, style),
        *_remarks(plan, style),
        _footer(plan, style),
    ]
    return joined(parts)


def drift_text(plan: Plan, *, style: Style) -> str:
    """What was changed by hand since the last apply, and nothing else of `plan`."""
    if not plan.drift:
        return joined([_drift_verdict(plan, style), *_remarks(plan, style)])
    parts = [
        _drift_verdict(plan, style),
        section("Changed by hand", [*_dim(DIRECTION, style), *drift_rows(plan.drift, style)], style),
        *_remarks(plan, style),
        _undo(plan),
    ]
    return joined(parts)


def status_text(plan: Plan, *, style: Style) -> str:
    """`plan` in a line per object: what stands out, without what differs in it."""
    refused = [(refusal.action, plain(refusal.address), plain(refusal.rule)) for refusal in plan.refusals]
    others = [count(len(plan.warnings), "warning")] if plan.warnings else []
    others += [f"{len(plan.unmanaged)} not managed here"] if plan.unmanaged else []
    parts = [
        _verdict(plan, style),
        section("Refused", [f"  {action}  {address}  {rule}" for action, address, rule in refused], style),
        section("Your changes", change_rows(plan.changes, style, heads_only=True), style),
        section("Changed by hand", drift_rows(plan.drift, style, decide=True, heads_only=True), style),
        [f"Also: {', '.join(others)}."] if others else [],
    ]
    return joined(parts)


def apply_command(identity: str, *options: str, verb: str = "apply") -> str:
    """The command that applies what is planned for `identity`."""
    environment = Identity.parse(identity).environment
    selected = ("--env", environment) if environment else ()
    return plain(shlex.join(("reconciler", verb, *selected, *options)))


def _verdict(plan: Plan, style: Style) -> list[str]:
    where = plan.identity + (f" at {plan.commit[:12]}" if plan.commit else "")
    if plan.refusals:
        stopped = f"; {_stopped(len(plan.work))}" if plan.work else ""
        return headline("Refused:", "red", f"{where}, {count(len(plan.refusals), 'refusal')}{stopped}.", style)
    tail = f"{plan.unchanged} unchanged"
    if plan.work or plan.changes:
        summary = ", ".join(filter(None, (counted(_actions(plan)), _drift_count(plan), tail)))
        return headline(f"{count(len(plan.work), 'change')}:", "yellow", f"{where}, {summary}.", style)
    if plan.drift:
        return headline("Nothing to apply:", "yellow", f"{where}, {_drift_count(plan)}, {tail}.", style)
    return headline("Nothing to do:", "green", f"{where} is as the manifests say, {tail}.", style)


def _stopped(work: int) -> str:
    return "it stops the one change below" if work == 1 else f"none of the {work} changes below is applied"


def _actions(plan: Plan) -> dict[str, int]:
    return {action: number for action, number in plan.summary.items() if action in ACTIONS}


def _drift_count(plan: Plan) -> str:
    decisions = Counter(change.decision for change in plan.drift)
    counts = {"by hand to revert": decisions["revert"], "by hand to keep": decisions["keep"]}
    return counted(counts | {"changed by hand": decisions[None]})


def _drift_verdict(plan: Plan, style: Style) -> list[str]:
    if not plan.drift:
        return headline("In sync:", "green", f"{plan.identity}, nothing was changed by hand.", style)
    found = Counter(map(drift_class, plan.drift))
    counts = counted({word: found[word] for word in DRIFT_CLASSES})
    return headline("Drift:", "yellow", f"{plan.identity}, {counts}, {plan.unchanged} unchanged.", style)


def _undo(plan: Plan) -> list[str]:
    command = apply_command(plan.identity, "--on-drift", "revert")
    also = f"It applies {count(len(plan.changes), 'pending edit')} of the manifests too."
    return [f"Undo it with: {command}", *([also] if plan.changes else [])]


def _by_hand(plan: Plan, style: Style) -> list[str]:
    """The section's head says once what applying does with it; with mixed decisions every row says its own."""
    if not plan.drift:
        return []
    decisions = frozenset(change.decision for change in plan.drift)
    said = f"{DIRECTION}; {_DECIDED.get(decisions, 'as each line says (--on-drift decides)')}"
    rows = drift_rows(plan.drift, style, decide=len(decisions) > 1)
    return section("Changed by hand", [*_dim(said, style), *rows], style)


def _remarks(plan: Plan, style: Style) -> Iterator[list[str]]:
    yield section("Warnings", [line for text in plan.warnings for line in _warning(text, style)], style)
    yield section("Not managed here: reported, never touched", list(_strangers(plan.unmanaged, style)), style)


def _warning(text: str, style: Style) -> list[str]:
    return [style.paint(line, "yellow") for line in wrap(text, style.width, lead="  ! ", hang="    ")]


def _strangers(unmanaged: Sequence[Unmanaged], style: Style) -> Iterator[str]:
    groups: dict[tuple[str, str], list[str]] = {}
    for item in unmanaged:
        groups.setdefault((item.type, item.owner or ""), []).append(item.name or item.id)
    for (kind, owner), names in sorted(groups.items()):
        whose = f"{kind} of {owner}" if owner else kind
        text = f"{len(names)} {whose}: {' '.join(first_few(names))}"
        yield from wrap(text, style.width, lead="  ", hang="    ")


def _dim(text: str, style: Style) -> list[str]:
    return [style.paint(line, "dim") for line in wrap(text, style.width, lead="  ", hang="  ")]


def _footer(plan: Plan, style: Style) -> list[str]:
    if plan.refusals:
        return wrap("Nothing is applied while anything is refused.", style.width)
    if not plan.work:
        return []
    options = ("--on-drift", "keep") if plan.drift and len(plan.work) == len(plan.changes) else ()
    verb = "adopt" if all(change.takes_over for change in plan.work) else "apply"
    writes = {what: number for what, number in sorted(plan.requests.items()) if number}
    costs = wrap(f"{count(sum(writes.values()), 'write')} to OpenAI: {counted(writes)}.", style.width) if writes else []
    return [*costs, f"{verb.capitalize()} with: {apply_command(plan.identity, *options, verb=verb)}"]
