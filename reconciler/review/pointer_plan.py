"""The part of a plan that moves the pointer of a chatbot, and the checks of the release that it moves to."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from reconciler.applying.steps import lower
from reconciler.planning.build import Planned
from reconciler.planning.consents import PROJECT
from reconciler.planning.model import Change, Plan
from reconciler.planning.reasons import Notice
from reconciler.planning.release_retention import without_assistant
from reconciler.planning.requests import requests
from reconciler.resources.address import Address, release_number
from reconciler.resources.problems import Problem, ReconcilerError, env_option
from reconciler.review.approval import contents, without

_OF_OTHER_CHANGES: Final = ("threshold", "cost")
"""Rules that refuse the deletes and the new storage of a plan. Moving a pointer has neither."""


def pointer_only(now: Planned, chatbot: Address, release: Address) -> Plan:
    """Return the plan without all changes but those that move the pointer; raises ReconcilerError if an object of the
    release is not live as released.
    """
    problems = list(_unusable(now, release))
    if problems:
        raise ReconcilerError(*problems)
    plan = _reduced(now, chatbot)
    lost = without_assistant(now.inputs, [release])
    leaving = (
        Notice("needs-manifest", {"assistant": str(one), "chatbot": str(chatbot)}, str(release))
        for release, one in lost.items()
    )
    return replace(plan, warnings=(*leaving, *plan.warnings))


def concerning(now: Planned, chatbot: Address, release: Address) -> Plan:
    """Return the plan with the refusals that concern a rollback: of the changes that move the pointer, of the objects
    of the release, and of the project as a whole. If there are any, the plan has no other changes.
    """
    kept = {change.address for change in _moving(now, chatbot)} | _parts(now, release)
    refusals = tuple(
        one
        for one in now.plan.refusals
        if one.address in kept or (one.address.startswith(PROJECT) and one.rule not in _OF_OTHER_CHANGES)
    )
    plan = replace(now.plan, refusals=refusals)
    return _reduced(replace(now, plan=plan), chatbot) if refusals else plan


def _reduced(now: Planned, chatbot: Address) -> Plan:
    """Return the plan without all changes but those that move the pointer."""
    kept = {change.digest: change for change in _moving(now, chatbot)}
    plan = without(now.plan, {change.digest for change in now.plan.work} - kept.keys())
    made = {(change.address, change.action) for change in kept.values()}
    risks = tuple(risk for risk in plan.risks if (risk.address, risk.action) in made)
    return replace(plan, requests=requests(now.inputs, now.matched, plan.work), risks=risks, costs=None)


def _parts(now: Planned, release: Address) -> set[str]:
    """Return the addresses of a release and of all objects that it consists of."""
    known = now.inputs.releases.get(release)
    return {str(release), *contents(now, str(release)), *map(str, known.parts if known else ())}


def _moving(now: Planned, chatbot: Address) -> Iterator[Change]:
    """Yield the changes that move the pointer of a chatbot, that move live objects which run it, and that these need.
    One that is not live yet runs nothing that could be rolled back.
    """
    steps = lower(now)
    users = {address for address, runner in now.inputs.runners.items() if runner.chatbot == chatbot}
    waiting = [step for step in steps if step.address in users & now.matched.live.keys() and step.verb == "write"]
    needed = {step for step in steps if (step.address, step.verb) == (chatbot, "publish")}
    while waiting:
        step = waiting.pop()
        if step not in needed and step.address != chatbot:
            needed.add(step)
            waiting.extend(steps[step])
    for step in steps:
        if step in needed:
            yield from step.changes


def _unusable(now: Planned, release: Address) -> Iterator[Problem]:
    """Return a problem for each object of the release that is not live as released. Pending edits of working objects
    that the release shares, such as a vector store with `releases: live`, are none.
    """
    parts, applied, live = _parts(now, release), now.inputs.applied, now.matched.live
    env = env_option(now.inputs.identity.environment)
    if release not in applied and release not in live:
        name, number = release.family.name, release_number(release)
        hint = f"To publish it: `reconciler publish {name} {number}{env}`, then `reconciler apply{env}`."
        yield Problem("dead-release", f"{release} is not live: it was not applied yet", hint=hint)
        return
    edits = (
        change
        for change in now.plan.changes
        if (address := Address.parse(change.address)).is_frozen or (address in applied and address not in live)
    )
    for change in (*edits, *now.plan.drift):
        if change.address in parts:
            message = f"{change.address}, a part of {release}, is not live as it was released"
            hint = f"To restore it, run `reconciler apply --on-drift revert{env}`. Or choose another release."
            yield Problem("dead-release", message, hint=hint)
